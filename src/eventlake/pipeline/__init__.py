"""The flow, stage by stage, in the standard library only: rule, transform, delivery, partition.

envelope   what a sender may hand in -> one EventBridge envelope
pattern    event pattern -> its rule
rule       rule + event -> does the table want it
transform  event -> log line; `mapping` writes one table's function, `values` and `nested` turn a value into its column's type,
           `leftovers` finds what no column kept, `reading` says what is wrong with bytes that are no event
router     envelope -> log lines of every table whose rule matches
delivery   log lines -> buffers -> objects
partition  object -> its hour exists in the catalog
"""
