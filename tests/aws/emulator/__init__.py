"""AWS on one machine, for tests: ministack, with what it lacks put in from the outside.

`python tests/aws/emulator` serves it where ministack would, with ministack's own environment variables. One module for one noun:

    settings             what the environment says
    control              the tester's door: the clock of the alarms, and calls that are throttled
    permissions          whether a role may do what a service does in its name
    athena_permissions   the workgroup of the query that a call names; what Athena does in its caller's name
    function_properties  the dead-letter queue of a function that a template declares
    function_roles       what Lambda does under a function's role
    bucket_properties    lifecycle, encryption, object lock and ownership of a bucket that a template declares
    eventbridge_targets  rules that lead to a stream; retries, dead letters
    event_times          the time that a sender gives an event; events of `aws.*`
    firehose             a stream's buffer, its delivery and what happens when that fails
    firehose_settings    what a stream's configuration says, and what of it AWS refuses
    firehose_processing  the function that Firehose calls for each batch
    firehose_conversion  record format conversion, JSON to Parquet
    schedules            the role of a schedule
    queues               how long a function's messages are invisible
    glue_partitions      the actions about partitions, their limits and refusals
    stack_waiting        CloudFormation that answers when it is done
    nested_stacks        the update and the end of a nested stack
    named_queries        AWS::Athena::NamedQuery
    metrics              what services and functions publish to CloudWatch
    alarms               an alarm's state, from its metrics
    trino                a client of Trino's protocol
    athena_statement     a statement of Athena as Trino runs it
    athena_values        Trino's values as Athena prints them
    athena_on_trino      Athena's API, answered by a real Trino

ministack is not typed, so what comes from it is `Any`.
"""
