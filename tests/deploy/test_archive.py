"""An archive keeps what the rules of its source take."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eventlake import matches
from eventlake.deploy.archive import pattern
from eventlake.model import Source
from eventlake.sources import load, load_optional
from eventlake.stack_names import archive_name


@pytest.mark.parametrize("source", [*load(), *load_optional()], ids=lambda source: source.name)
def test_whatever_a_rule_takes_is_archived(source: Source) -> None:
    """Each sample that a table of the source wants."""
    for path in Path(source.folder or "", "samples").glob("*.event.json"):
        event = json.loads(path.read_text("utf-8"))
        if any(matches(table.pattern, event) for table in source.tables):
            assert matches(pattern(source), event), path.name


def test_the_name_of_an_archive_is_short_enough_for_any_source() -> None:
    """48 characters, and two long names that begin alike are two."""
    lake, long = "a" * 21, "of_a_company_with_a_very_long_name"

    assert archive_name(lake, "codepipeline") == f"{lake}-codepipeline"
    assert len(archive_name(lake, long)) == 48
    assert archive_name(lake, long) != archive_name(lake, f"{long}s")
