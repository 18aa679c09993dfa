"""Lifecycle, encryption, object lock and ownership of a bucket that a template declares: ministack drops them, here they reach the bucket.

They are put as the S3 API takes them, so that `aws s3api get-bucket-...` tells what the template said; nothing expires by them.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
"""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import ministack.services.cloudformation.provisioners as provisioners
import ministack.services.s3 as s3

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
EXPIRATION = {"ExpirationInDays": "Days", "ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker", "ExpirationDate": "Date"}
"""Properties of a rule that lie flat in a template and inside `Expiration` in the API."""


def install() -> None:
    """Add the properties to those that ministack puts."""
    provisioners._S3_BUCKET_CONFIGURATIONS += (
        ("LifecycleConfiguration", lifecycle, s3._put_bucket_lifecycle, s3._delete_bucket_lifecycle),
        ("BucketEncryption", encryption, s3._put_bucket_encryption, s3._delete_bucket_encryption),
        ("ObjectLockConfiguration", object_lock, s3._put_object_lock_configuration, lambda name: None),  # a lock stays
        ("OwnershipControls", ownership, s3._put_bucket_ownership_controls, s3._delete_bucket_ownership_controls),
    )


def lifecycle(declared: dict[str, Any]) -> bytes:
    """A LifecycleConfiguration as the body of PutBucketLifecycleConfiguration."""
    root = Element("LifecycleConfiguration", xmlns=NAMESPACE)
    for rule in declared.get("Rules") or []:
        put(SubElement(root, "Rule"), api_rule(rule))
    return tostring(root)


def api_rule(rule: dict[str, Any]) -> dict[str, Any]:
    """A template's lifecycle rule in the API's words."""
    noncurrent = rule.get("NoncurrentVersionExpiration")
    days = rule.get("NoncurrentVersionExpirationInDays")
    return {
        "ID": rule.get("Id"),
        "Filter": {"Prefix": rule.get("Prefix", "")},
        "Status": rule["Status"],
        "Expiration": {name: rule[declared] for declared, name in EXPIRATION.items() if declared in rule} or None,
        "NoncurrentVersionExpiration": noncurrent or ({"NoncurrentDays": days} if days else None),
        "AbortIncompleteMultipartUpload": rule.get("AbortIncompleteMultipartUpload"),
        "Transition": [
            {"Days": transition.get("TransitionInDays"), "StorageClass": transition["StorageClass"]}
            for transition in rule.get("Transitions") or []
        ],
    }


def encryption(declared: dict[str, Any]) -> bytes:
    """A BucketEncryption as the body of PutBucketEncryption."""
    root = Element("ServerSideEncryptionConfiguration", xmlns=NAMESPACE)
    for rule in declared.get("ServerSideEncryptionConfiguration") or []:
        default = rule.get("ServerSideEncryptionByDefault")
        put(SubElement(root, "Rule"), {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": rule.get("BucketKeyEnabled")})
    return tostring(root)


def object_lock(declared: dict[str, Any]) -> bytes:
    """An ObjectLockConfiguration as the body of PutObjectLockConfiguration."""
    root = Element("ObjectLockConfiguration", xmlns=NAMESPACE)
    put(root, declared)
    return tostring(root)


def ownership(declared: dict[str, Any]) -> bytes:
    """OwnershipControls as the body of PutBucketOwnershipControls."""
    root = Element("OwnershipControls", xmlns=NAMESPACE)
    for rule in declared.get("Rules") or []:
        put(SubElement(root, "Rule"), rule)
    return tostring(root)


def put(parent: Element, values: dict[str, Any]) -> None:
    """Add the values as elements; None is left out, a list repeats its element."""
    for name, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                put(SubElement(parent, name), one)
            elif one is not None:
                SubElement(parent, name).text = str(one).lower() if isinstance(one, bool) else str(one)
