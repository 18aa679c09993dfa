"""The same deployment as a Terraform module: the CloudFormation templates, translated resource by resource.

The templates stay the one place that says what a lake consists of. What has no counterpart here is refused by name, so nothing is left out unseen.

expressions   what a template may say in the place of a value: parameters, conditions, attributes of other resources
arguments     the ways in which a property becomes an argument, a block or a resource of its own
kinds         the table: each type of resource, its properties and their arguments; storage: those of Amazon S3; delivery: of Firehose
bodies        the properties of one resource, by that table
module        a template as a module; variables: its parameters, with what they take
folder        all modules and the functions' code, in a folder to name as a module's source
"""
