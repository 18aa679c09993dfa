"""A lake on AWS, seen from this machine: found, examined, and read through the adapters for S3, Glue, Athena and Trino."""
