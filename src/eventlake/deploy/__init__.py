"""What derives from declarations: CloudFormation templates, the functions' mappings, documentation; and the package that a deployment uploads.

derived          every derived file of a clone: written, or compared
root_stack       templates/root.yaml; sources_stack: templates/sources.yaml, the stacks of all sources, with partition_policies; switches: what is on
source_stack     templates/sources/<name>.yaml, of glue_table, delivery_stream, roles, alarms, named_query, workgroup
limits           what AWS takes of templates and policies
accounts         templates/accounts/: senders to a lake, and whom its bus lets in
cloudformation   the vocabulary of templates, and their YAML; parameters: what several stacks share
docs             docs/sources/<name>.md
packaging        `aws cloudformation package`, so that an unchanged clone uploads nothing new
"""
