"""`detections import`: drafts a detection and its tests from a Sigma rule, and tries them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from eventlake.cli.settings import settings
from eventlake.cli.show import show
from eventlake.errors import StorageError, UsageError


def import_rule(file: Path, folder: Path, table: str) -> int:
    """Write the draft of a rule into the folder `detections` of a source's folder, try it, and return the exit code.

    Raises DeclarationError for a rule that is not read, UsageError for one that is there already.
    """
    from eventlake.detections.detection import FOLDER, read_detection
    from eventlake.detections.sigma.draft import draft_of

    current = settings()
    sources = current.load_sources()
    draft = draft_of(_text(file), file.name, sources, table)
    read_detection(draft.sql, draft.name, folder.name, [each.name for one in sources for each in one.tables], where=f"{draft.name}.sql")
    written = {folder / FOLDER / f"{draft.name}.sql": draft.sql}
    if draft.tests:
        written[folder / FOLDER / f"{draft.name}.test.json"] = draft.tests
    if there := next((path for path in written if path.exists()), None):
        raise UsageError(f'"{there}" is there already; remove it, or write the draft elsewhere with --to.')
    try:
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
        for path, text in written.items():
            path.write_text(text, "utf-8")
    except OSError as error:
        raise StorageError(f'"{folder / FOLDER}" cannot be written: {error.strerror}.') from None
    show(("file",), [[str(path)] for path in written], current.form)
    return _tried(draft.name, draft.sql, folder, bool(draft.tests))


def _tried(name: str, sql: str, folder: Path, has_tests: bool) -> int:
    """Try a draft on its tests, and say how that went."""
    from eventlake.detections.cases import read_cases
    from eventlake.detections.detection import read_detection
    from eventlake.detections.trying import tries_of
    from eventlake.local.trial import tried

    current = settings()
    sources = current.load_sources()
    if not has_tests:
        current.say(f"No tests could be made for {name}: write {name}.test.json yourself; see docs/detections.md.")
        return 0
    own = replace(sources[0], name=folder.resolve().name or "draft", folder=str(folder), tables=())
    one = read_detection(sql, name, own.name, [each.name for source in sources for each in source.tables], where=f"{name}.sql")
    outcomes = tried(one, tries_of(read_cases(one, [own, *(source for source in sources if source.name != own.name)])), sources)
    wrong = [outcome for outcome in outcomes if outcome.wrong]
    for outcome in wrong:
        current.say(f'{name}, case "{outcome.case}", {outcome.variant}: {outcome.wrong}')
    current.say(
        f"{len(outcomes):,} tries of the draft, {len(wrong):,} wrong. Say in its header what is to be done, and try it on the past."
    )
    return 1 if wrong else 0


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise UsageError(f'"{file}" cannot be read: {error.strerror}.') from None
    except UnicodeDecodeError:
        raise UsageError(f'"{file}" is no text in UTF-8.') from None
