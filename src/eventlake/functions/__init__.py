"""The entry on AWS: Lambda handlers that unwrap the envelope, call the flow and wrap the answer.

transform   Firehose's records -> log lines; imports the standard library's lightest parts, because it is started often
partition   S3's notifications, through a queue -> partitions in the Glue Data Catalog; the standard library and boto3
metrics     what both say in CloudWatch's embedded metric format
declared    one generated module per table with its mapping
"""
