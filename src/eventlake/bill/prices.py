"""AWS's list prices of us-east-1, each with its page. Tiers above the first, and what is free, are left out: an account uses those up once."""

from __future__ import annotations

from dataclasses import dataclass

from eventlake.query.cost import DOLLARS_PER_TERABYTE, PRICE_DATE, PRICE_SOURCE

READ_ON = PRICE_DATE
"""The day on which the prices were read."""


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for so many of a unit. page: where AWS says so."""

    service: str
    unit: str
    quantity: float
    dollars: float
    page: str

    def of(self, quantity: float) -> float:
        """Return the dollars for a quantity."""
        return quantity / self.quantity * self.dollars


GB = 1e9
_AWS = "https://aws.amazon.com"

CUSTOM_EVENTS = Price("EventBridge", "custom and partner events, each begun 64 KB", 1e6, 1.00, f"{_AWS}/eventbridge/pricing/")
FIREHOSE_IN = Price("Firehose", "bytes taken in, each record rounded up to 5 KB", GB, 0.029, f"{_AWS}/firehose/pricing/")
FIREHOSE_PARQUET = Price("Firehose", "bytes converted to Parquet, rounded like those taken in", GB, 0.018, f"{_AWS}/firehose/pricing/")
LAMBDA_CALLS = Price("Lambda", "calls", 1e6, 0.20, f"{_AWS}/lambda/pricing/")
LAMBDA_GB_S = Price("Lambda", "GB-seconds on arm64", 1, 0.0000133334, f"{_AWS}/lambda/pricing/")
S3_WRITES = Price("S3", "PUT and LIST requests", 1e3, 0.005, f"{_AWS}/s3/pricing/")
S3_READS = Price("S3", "GET requests", 1e3, 0.0004, f"{_AWS}/s3/pricing/")
S3_STORED = Price("S3", "bytes stored for the month", GB, 0.023, f"{_AWS}/s3/pricing/")
SQS_REQUESTS = Price("SQS", "requests", 1e6, 0.40, f"{_AWS}/sqs/pricing/")
ATHENA_READ = Price("Athena", "bytes read, each query 10 MB at least", 1e12, DOLLARS_PER_TERABYTE, PRICE_SOURCE)
LOGS_IN = Price("CloudWatch", "bytes of logs", GB, 0.50, f"{_AWS}/cloudwatch/pricing/")
METRICS = Price("CloudWatch", "metrics of the lake's own", 1, 0.30, f"{_AWS}/cloudwatch/pricing/")
ALARMS = Price("CloudWatch", "alarms", 1, 0.10, f"{_AWS}/cloudwatch/pricing/")
SCHEDULER = Price("EventBridge Scheduler", "calls", 1e6, 1.00, f"{_AWS}/eventbridge/pricing/")
GLUE_REQUESTS = Price("Glue", "requests to the catalog", 1e6, 1.00, f"{_AWS}/glue/pricing/")
KMS_KEYS = Price("KMS", "keys", 1, 1.00, f"{_AWS}/kms/pricing/")
KMS_REQUESTS = Price("KMS", "requests", 1e4, 0.03, f"{_AWS}/kms/pricing/")
SECRETS = Price("Secrets Manager", "secrets", 1, 0.40, f"{_AWS}/secrets-manager/pricing/")
SECRET_REQUESTS = Price("Secrets Manager", "requests", 1e4, 0.05, f"{_AWS}/secrets-manager/pricing/")
