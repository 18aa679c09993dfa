"""The sources that come with eventlake and are off until they are named: each is small, whole, and works once it is on."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from detections.mutants import mutants
from eventlake.backends.duckdb import DuckDBEngine
from eventlake.deploy.derived import derived_files
from eventlake.deploy.root_stack import root_stack_text
from eventlake.detections.cases import read_cases
from eventlake.detections.detection import Detection, load_detections
from eventlake.detections.trying import AS_WRITTEN, outcomes, tries_of
from eventlake.errors import DeclarationError
from eventlake.local.trial import trial_lake
from eventlake.model import Source
from eventlake.pipeline.path import parse_path
from eventlake.query.saved import SavedQuery, load_saved, render
from eventlake.sources import DECLARATION, OPTIONAL, folder_of, load, load_optional
from eventlake.sources.samples import Flow, check, names, read_sample
from project import ROOT

NAMES = sorted(file.parent.name for file in OPTIONAL.glob(f"*/{DECLARATION}"))
SOURCES = load_optional()
BY_NAME = {source.name: source for source in SOURCES}
EVERYTHING = load([OPTIONAL])
SAVED = load_saved(SOURCES)
DETECTIONS = load_detections(SOURCES)

MOST_LINES = 60
INLINE_TEMPLATE_BYTES = 51_200

every_source = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)


def test_nobody_has_an_optional_source_who_did_not_name_it() -> None:
    """They are not loaded, so they have no tables, streams, rules or pages."""
    assert not {source.name for source in load()} & set(NAMES)


def test_an_optional_source_is_named_where_a_folder_may_stand(tmp_path: Path) -> None:
    """It becomes one of the sources, beside those of a folder."""
    (tmp_path / "privacy.toml").write_text('[guardduty_finding]\nuser_name = "hmac"\n')
    loaded = {source.name: source for source in load([folder_of("guardduty"), folder_of(str(tmp_path))])}
    assert {"guardduty", "codepipeline"} <= loaded.keys()
    assert "hmac" in {place.how for place in loaded["guardduty"].tables[0].personal}


def test_a_folder_of_the_same_name_counts_if_it_holds_declarations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's own source is not pushed aside by one that came with an update; any other folder does not matter."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ecs").mkdir()
    assert folder_of("ecs") == OPTIONAL / "ecs"
    (tmp_path / "ecs" / DECLARATION).write_text("")
    assert folder_of("ecs") == Path("ecs")


@pytest.mark.parametrize("named", ["guarddty", "optional", "../optional", ".."])
def test_what_is_neither_a_folder_nor_a_source_is_told(named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the nearest name, and all of them."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    if named == "..":
        assert folder_of(named) == Path("..")
        return
    with pytest.raises(DeclarationError) as told:
        folder_of(named)
    assert "no folder of declarations" in str(told.value)
    assert all(name in str(told.value) for name in NAMES)
    assert ('Did you mean "guardduty"?' in str(told.value)) == (named == "guarddty")


@every_source
def test_source_is_small_and_whole(source: Source) -> None:
    """A declaration of one page, samples, saved queries, a detection with its tests, and the provider's page."""
    text = (Path(source.folder) / DECLARATION).read_text("utf-8")
    own = [query for query in SAVED.values() if query.source == source.name]
    told = [detection for detection in DETECTIONS.values() if detection.source == source.name]
    assert len(text.splitlines()) <= MOST_LINES
    assert "https://" in text.splitlines()[1] + text.splitlines()[2]
    assert len(names(source)) >= 5
    assert len(own) >= 3
    assert len(told) >= 1
    assert not list(Path(source.folder).rglob("*.py"))


@every_source
def test_every_sample_becomes_its_line_in_its_table_alone(source: Source) -> None:
    """Rules of all sources see it, built-in ones too; every table has two samples, and every column an example."""
    assert [str(finding) for finding in check(source, EVERYTHING)] == []
    lines = [read_sample(source, name).lines for name in names(source)]
    assert all(len(line) == 1 for line in lines)
    for table in source.tables:
        own = [line[table.name] for line in lines if table.name in line]
        filled = {column for line in own for column in line} | {"event_origin"}
        assert len(own) >= 2
        assert [column.name for column in table.columns if column.name not in filled] == []


@every_source
def test_what_has_a_column_never_ends_in_extra(source: Source) -> None:
    """Each value that a path leads to is in its column: no type is too narrow for what the provider sends."""
    flow = Flow([source])
    for name in names(source):
        event = read_sample(source, name).event
        ((table_name, line),) = flow.lines(event)[0].items()
        for column in flow.tables[table_name].columns:
            first = next((value for path in column.paths if (value := _at(json.loads(event), path)) is not None), None)
            assert column.name == "extra" or (first is None) == (line.get(column.name) is None), (name, column.name)


def _at(event: Any, path: str) -> Any:  # JSON
    for part in parse_path(path):
        try:
            event = event[part]
        except (KeyError, IndexError, TypeError):
            return None
    return event


@every_source
def test_samples_name_nobody(source: Source) -> None:
    """Addresses, hosts and accounts are those that documentation may use."""
    documentation = [ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "0.0.0.0/32")]
    for name in names(source):
        text = read_sample(source, name).event.decode()
        assert set(re.findall(r"@([\w.-]+)", text)) <= {"example.com"}
        assert set(re.findall(r"(?<![\w-])\d{12}(?![\w-])", text)) <= {"111122223333", "999988887777"}
        for address in re.findall(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])", text):
            assert any(ipaddress.ip_address(address) in net for net in documentation), (name, address)


def test_their_columns_need_no_quotes() -> None:
    """No column is called as a word of SQL that must be quoted."""
    reserved = {"group", "order", "select", "from", "table", "user", "end", "in", "is", "by", "as", "case", "constraint", "values", "when"}
    assert [column.name for source in SOURCES for table in source.tables for column in table.columns if column.name in reserved] == []


@every_source
def test_personal_data_is_marked(source: Source) -> None:
    """Every column that names a person or an address says so."""
    wanted = re.compile(r"user_(name|arn)|.*login|(remote_|source_)?ip|user_agent|principal_id|note_by|actor_(id|name)")
    for table in source.tables:
        marked = {place.path for place in table.personal}
        assert [column.name for column in table.columns if wanted.fullmatch(column.name) and not set(column.paths) <= marked] == []


@pytest.fixture(scope="module")
def lake() -> Iterator[DuckDBEngine]:
    """A lake that holds every sample, each twice."""
    events = [read_sample(source, name).event for source in SOURCES for name in names(source)]
    with trial_lake(SOURCES, [*events, *events]) as engine:
        yield engine


@pytest.mark.slow
@pytest.mark.parametrize("saved", SAVED.values(), ids=SAVED)
def test_saved_query_answers_on_the_samples(saved: SavedQuery, lake: DuckDBEngine) -> None:
    """With a title, a meaning, few partitions read, and rows; those that are asked of somebody find them."""
    asked = {"resource": "sg-0a1b2c3d4e5f60718", "who": "assumed-role/Admin", "login": "jane@example.com"}
    values = {one.name: asked[one.name] for one in saved.parameters if one.default is None} | {"days": "3650"}
    title, *meaning = saved.doc.splitlines()
    assert not title.endswith(".")
    assert meaning
    assert saved.sql.count("\"date\" >= date_add('day', -:days, current_date)") == 1
    assert lake.query(render(saved, values)).rows


@pytest.mark.slow
@pytest.mark.parametrize("detection", DETECTIONS.values(), ids=DETECTIONS)
def test_detection_finds_what_its_tests_say_and_needs_each_condition(detection: Detection) -> None:
    """As written, with every event three times, and late by 20 minutes; without any one of its conditions a test fails."""
    cases = read_cases(detection, SOURCES)
    assert sum(bool(case.finds) for case in cases) >= 1
    assert sum(not case.finds for case in cases) >= 2
    tries = tries_of(cases)
    written = [one for one in tries if one.variant == AS_WRITTEN]
    with trial_lake([BY_NAME[detection.source]], (event for one in tries for event in one.events)) as engine:
        assert [outcome for outcome in outcomes(detection, tries, engine) if outcome.wrong] == []
        passing = [line for line, mutant in mutants(detection) if not any(one.wrong for one in outcomes(mutant, written, engine))]
    assert passing == []


@pytest.mark.slow
def test_all_of_them_are_deployed_together() -> None:
    """Beside the built-in ones they keep within what AWS takes, and the root template is still deployed by its text."""
    files = derived_files(EVERYTHING, load_saved(EVERYTHING))
    assert {Path("templates/sources") / f"{name}.yaml" for name in NAMES} <= files.keys()
    assert len(root_stack_text(EVERYTHING).encode()) < INLINE_TEMPLATE_BYTES


def test_each_has_its_page_and_its_line() -> None:
    """Who reads them decides whether to switch the source on; the committed pages are those that derive, as another test holds."""
    listed = (ROOT / "docs/optional-sources.md").read_text("utf-8")
    for source in SOURCES:
        tables = ", ".join(f"`{table.name}`" for table in source.tables)
        told = ", ".join(f"`{one.name}`" for one in DETECTIONS.values() if one.source == source.name)
        assert f"--sources {source.name}" in (ROOT / f"docs/sources/{source.name}.md").read_text("utf-8")
        assert re.search(
            rf"^\| \[`{source.name}`\]\(sources/{source.name}\.md\) \| [^|]+ \| {re.escape(tables)} \| {told} \|$", listed, re.MULTILINE
        )
