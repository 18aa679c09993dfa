"""The samples of every built-in source, and what `check` says of samples that are wrong."""

from __future__ import annotations

import ipaddress
import json
import re
import shutil
from pathlib import Path

import pytest

from eventlake.backends.msgspec_codec import FAST
from eventlake.model import Source
from eventlake.pipeline.codec import STANDARD, Codec
from eventlake.sources import BUILT_IN, DECLARATION, load, read_source
from eventlake.sources.samples import Flow, accept, check, names, read_sample

SOURCES = load()
BY_NAME = {source.name: source for source in SOURCES}


@pytest.mark.parametrize("codec", [STANDARD, FAST], ids=["standard", "fast"])
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_every_event_becomes_its_log_lines(source: Source, codec: Codec) -> None:
    """Each sample's event, through intake, rule and transform, is what its second file says."""
    assert [str(finding) for finding in check(source, SOURCES, codec)] == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_the_table_s_own_rule_wants_the_event_and_no_other_does(source: Source) -> None:
    """Of all tables of all sources, exactly those that a sample names get a line."""
    flow = Flow(SOURCES)
    for name in names(source):
        sample = read_sample(source, name)
        lines, reasons = flow.lines(sample.event)
        assert (name, list(lines)) == (name, list(sample.lines))
        assert (name, bool(reasons)) == (name, not lines)


@pytest.mark.parametrize(("source", "table"), [(source.name, table.name) for source in SOURCES for table in source.tables])
def test_every_table_has_samples(source: str, table: str) -> None:
    """At least two samples each, so that what may be absent is seen absent."""
    assert sum(table in read_sample(BY_NAME[source], name).lines for name in names(BY_NAME[source])) >= 2


@pytest.mark.parametrize(("source", "table"), [(source.name, table.name) for source in SOURCES for table in source.tables])
def test_every_column_is_filled_by_a_sample(source: str, table: str) -> None:
    """No column of a built-in table is without an example."""
    lines = [read_sample(BY_NAME[source], name).lines.get(table, {}) for name in names(BY_NAME[source])]
    declared = [column.name for found in BY_NAME[source].tables if found.name == table for column in found.columns]
    declared.remove("event_origin")  # no sender sends it
    assert [column for column in declared if not any(column in line for line in lines)] == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_samples_name_nobody(source: Source) -> None:
    """Addresses, hosts and accounts are those that documentation may use."""
    text = "\n".join(read_sample(source, name).event.decode() for name in names(source))
    assert set(re.findall(r"@([\w.-]+)", text)) <= {"example.com"}
    assert set(re.findall(r"(?<![\w-])\d{12}(?![\w-])", text)) <= {"123456789012"}
    documentation = [ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")]
    for address in re.findall(r'"(?:client_)?ip": "([^"]+)"', text):
        assert any(ipaddress.ip_address(address) in net for net in documentation), address


@pytest.fixture
def codedeploy(tmp_path: Path) -> Path:
    """A copy of a source with one sample, `deployment-started`."""
    folder = tmp_path / "codedeploy"
    (folder / "samples").mkdir(parents=True)
    shutil.copy(BUILT_IN / "codedeploy" / DECLARATION, folder)
    for file in (BUILT_IN / "codedeploy" / "samples").glob("deployment-started.*"):
        shutil.copy(file, folder / "samples")
    return folder


def _findings(folder: Path) -> list[str]:
    return [str(finding) for finding in check(read_source(folder / DECLARATION))]


def test_a_right_sample_gives_no_finding(codedeploy: Path) -> None:
    """A copy of a built-in source passes on its own."""
    assert _findings(codedeploy) == []


LOG = "codedeploy/samples/deployment-started.log.json"
EVENT = "codedeploy/samples/deployment-started.event.json"
TABLE = "deployment_state_change"


@pytest.mark.parametrize(
    ("log", "finding"),
    [
        ("{", f"{LOG}: is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)."),
        ("[]", f'{LOG}: is not a JSON object of log lines by table, such as {{"build_state_change": {{"project_name": "shop"}}}}.'),
        ("{}", f'{EVENT}: becomes a log line of "{TABLE}", which deployment-started.log.json does not name.'),
        ('{"deployment_state_chnge": {}}', f'{LOG}: names "deployment_state_chnge", which is no table. Did you mean "{TABLE}"?'),
        ('{"instance_state_change": {}}', f'{EVENT}: becomes no log line of "instance_state_change": its rule does not match.'),
    ],
)
def test_what_is_wrong_with_the_expected_lines_is_said(codedeploy: Path, log: str, finding: str) -> None:
    """A file of expected lines that is no such file, or that names other tables."""
    (codedeploy / "samples" / "deployment-started.log.json").write_text(log)
    assert finding in _findings(codedeploy)


@pytest.mark.parametrize(
    ("column", "value", "finding"),
    [
        ("state", "STOP", 'column "state": is "START", expected "STOP".'),
        ("state", None, 'column "state": is "START", expected NULL.'),
        ("extra", '{"a":1}', 'column "extra": is NULL, expected "{\\"a\\":1}".'),
        ("stat", "START", '"deployment_state_change" has no column "stat". Did you mean "state"?'),
    ],
)
def test_a_column_that_differs_is_named_with_both_values(codedeploy: Path, column: str, value: str | None, finding: str) -> None:
    """The finding says what the event gives and what was expected."""
    file = codedeploy / "samples" / "deployment-started.log.json"
    lines = json.loads(file.read_text())
    lines[TABLE][column] = value
    file.write_text(json.dumps(lines))
    assert [found for found in _findings(codedeploy) if found.startswith(LOG) and found.endswith(finding)]


@pytest.mark.parametrize(
    ("event", "finding"),
    [
        (
            b"{",
            'becomes no log line of "deployment_state_change": The event is not JSON: ',
        ),
        (b'{"detail-type": "Other", "source": "aws.codedeploy"}', 'becomes no log line of "deployment_state_change": No rule matches'),
    ],
)
def test_an_event_that_is_not_stored_is_found_with_the_reason(codedeploy: Path, event: bytes, finding: str) -> None:
    """Intake's or the router's sentence stands in the finding."""
    (codedeploy / "samples" / "deployment-started.event.json").write_bytes(event)
    assert [found for found in _findings(codedeploy) if found.startswith(f"{EVENT}: {finding}")]


def test_an_event_that_must_be_refused_has_no_log_lines(codedeploy: Path) -> None:
    """`{}` says that no table takes the event."""
    (codedeploy / "samples" / "deployment-started.event.json").write_bytes(b"{}")
    (codedeploy / "samples" / "deployment-started.log.json").write_text("{}")
    assert _findings(codedeploy) == []


@pytest.mark.parametrize(
    ("missing", "finding"),
    [
        ("log", f"{LOG}: is missing; put the log lines it becomes by table, {{}} if it is refused, there."),
        ("event", f"{EVENT}: is missing; put the event there."),
    ],
)
def test_half_a_sample_is_found(codedeploy: Path, missing: str, finding: str) -> None:
    """A sample is two files; which is missing is said."""
    (codedeploy / "samples" / f"deployment-started.{missing}.json").unlink()
    assert _findings(codedeploy) == [finding]


def test_a_line_in_a_table_of_another_source_counts_only_if_the_sample_names_it(codedeploy: Path) -> None:
    """Two sources may want the same event; each sample speaks of its own tables."""
    text = (codedeploy / DECLARATION).read_text().replace('name = "codedeploy"', 'name = "second"', 1)
    text = text.replace(f'name = "{TABLE}"', 'name = "second_change"').replace(
        'name = "instance_state_change"', 'name = "second_instances"'
    )
    (codedeploy / DECLARATION).write_text(text)
    second = read_source(codedeploy / DECLARATION)
    assert check(BY_NAME["codedeploy"], [*SOURCES, second]) == []
    assert [str(finding).partition(": ")[2] for finding in check(second, [*SOURCES, second])] == [
        'becomes a log line of "second_change", which deployment-started.log.json does not name.'
    ]


@pytest.mark.parametrize("log", [None, "{}", '{"deployment_state_change": {"region": "nowhere"}}'], ids=["missing", "none", "others"])
def test_log_lines_are_written_anew_as_the_declaration_makes_them(codedeploy: Path, log: str | None) -> None:
    """After a column was changed, or for an event that somebody put there alone; a second time there is nothing to write."""
    file = codedeploy / "samples" / "deployment-started.log.json"
    right = json.loads(file.read_text())
    file.unlink()
    if log is not None:
        file.write_text(log)
    source = read_source(codedeploy / DECLARATION)

    assert accept(source) == [file]
    assert json.loads(file.read_text()) == right
    assert accept(source) == []


@pytest.mark.parametrize("event", ["{}", '{"detail-type": "other", "source": "aws.codedeploy"}'], ids=["no event", "of no table"])
def test_no_log_line_is_written_for_an_event_that_becomes_nothing(codedeploy: Path, event: str) -> None:
    """A rule that was broken would take every sample with it; what it had to become stays."""
    file = codedeploy / "samples" / "deployment-started.log.json"
    before = file.read_text()
    (codedeploy / "samples" / "deployment-started.event.json").write_text(event)

    assert accept(read_source(codedeploy / DECLARATION)) == []
    assert file.read_text() == before


def test_lines_in_tables_of_other_sources_are_not_written(codedeploy: Path) -> None:
    """As they are not looked for: the sample names the tables of its own source."""
    file = codedeploy / "samples" / "deployment-started.log.json"
    right = file.read_text()
    other = Path(shutil.copytree(codedeploy, codedeploy.parent / "other")) / DECLARATION
    other.write_text(
        other.read_text().replace('name = "codedeploy"', 'name = "other"').replace("codedeploy_event_logs", "other_event_logs")
    )
    other.write_text(re.sub(r'name = "(\w+_state_change)"', r'name = "other_\1"', other.read_text()))
    file.unlink()
    source = read_source(codedeploy / DECLARATION)

    accept(source, [source, read_source(other)])

    assert json.loads(file.read_text()) == json.loads(right)
