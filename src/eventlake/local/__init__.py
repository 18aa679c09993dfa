"""One machine: the bus, its spool, and the service that delivers into a lake.

spool       accepted events on disk, in order
bus         events over HTTP: `POST /events`, and EventBridge's own protocol
delivering  spool -> objects and partitions
service     both together, as `serve` runs them
items       events in files, as `send` reads them
"""
