"""The names of a lake on AWS."""

from __future__ import annotations

import pytest

from eventlake.stack_names import is_on_aws


@pytest.mark.parametrize("folder", ["lake", "./aws", "/srv/s3/lake", "aws", ""])
def test_a_folder_is_no_lake_on_aws(folder: str) -> None:
    """Whatever it is called, unless it begins as a stack or a bucket does."""
    assert not is_on_aws(folder)


@pytest.mark.parametrize("lake", ["aws:eventlake", "s3://eventlake-123456789012-eu-west-1"])
def test_a_stack_or_a_bucket_is_one(lake: str) -> None:
    """By its beginning."""
    assert is_on_aws(lake)
