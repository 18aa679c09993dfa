"""Deploys templates with the commands of the README."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from aws.client import Aws, CommandFailed

CODE_BUCKET = "example-code"


def deploy(
    aws: Aws, template: Path, stack: str, exported: Path, parameters: Mapping[str, str] | None = None, capability: str = "CAPABILITY_IAM"
) -> None:
    """Package a template and deploy it. exported: where the packaged template is written. Raises CommandFailed."""
    package(aws, template, exported)
    deploy_packaged(aws, exported, stack, parameters, capability)


def deploy_packaged(
    aws: Aws, exported: Path, stack: str, parameters: Mapping[str, str] | None = None, capability: str = "CAPABILITY_IAM"
) -> str:
    """Deploy what is packaged; what the CLI says. Raises AssertionError with the reasons.

    The CLI names a change set by the second it is made in: a stack deployed twice within one second is asked again in the next.
    """
    given = [f"{name}={value}" for name, value in (parameters or {}).items()]
    overrides = ["--parameter-overrides", *given] if given else []
    start = ["cloudformation", "deploy", "--template-file", str(exported), "--stack-name", stack, "--no-fail-on-empty-changeset"]
    try:
        return aws.run(*start, "--capabilities", capability, *overrides)
    except CommandFailed as failed:
        if "AlreadyExistsException" in str(failed) and "ChangeSet" in str(failed):
            time.sleep(1)
            return deploy_packaged(aws, exported, stack, parameters, capability)
        raise AssertionError(failures(aws, stack)) from failed


def failures(aws: Aws, stack: str) -> list[tuple[str, str]]:
    """What failed in a stack, and why."""
    events = aws.service("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
    return [(each["LogicalResourceId"], each.get("ResourceStatusReason", "")) for each in events if "FAILED" in each["ResourceStatus"]]


def package(aws: Aws, template: Path, exported: Path) -> str:
    """Upload what a template names; what the CLI says of it."""
    make_code_bucket(aws)
    where = ["--s3-bucket", CODE_BUCKET, "--s3-prefix", "eventlake", "--output-template", str(exported)]
    return aws.run(
        "cloudformation", "package", "--template", f"{template.parent.name}/{template.name}", *where, folder=template.parent.parent
    )


def make_code_bucket(aws: Aws) -> None:
    """Make the bucket that templates and code are uploaded to, unless it is there."""
    if CODE_BUCKET not in {bucket["Name"] for bucket in aws.service("s3").list_buckets()["Buckets"]}:
        aws("s3api", "create-bucket", "--bucket", CODE_BUCKET)


def delete(aws: Aws, stack: str) -> None:
    """Delete a stack, and wait until it is gone. Raises CommandFailed."""
    aws("cloudformation", "delete-stack", "--stack-name", stack)
    aws("cloudformation", "wait", "stack-delete-complete", "--stack-name", stack)
