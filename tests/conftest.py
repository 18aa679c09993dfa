"""What holds for every test: properties look at what comes out, never at the time it took. And AWS on this machine, started when asked for.

A suite that is asked for by its marker reads only the files that name it. Of two workers, one reads them from the first to the last, the other from
the last to the first: on a fresh clone each then compiles half, and finds the other half compiled.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from aws.client import Aws
from aws.serving import Emulator, serving, serving_trino
from marked import can_hold, doubled, unnamed

settings.register_profile("thorough", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("every day", settings.get_profile("thorough"), max_examples=15, derandomize=True, database=None)
settings.load_profile("every day")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell starts what it puts into the background so; Ctrl-C is tested all the same
    signal.signal(signal.SIGINT, signal.default_int_handler)


LAST = "tests/pipeline/"
"""The folder whose tests end a run: who is done first takes from there, and hundreds of small ones that share nothing end both workers together."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave a file of tests unread that can hold none of those asked for."""
    is_test = collection_path.name.startswith("test_") and collection_path.suffix == ".py"
    return True if is_test and not can_hold(collection_path, config.option.markexpr) else None


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Let the second worker begin with a folder's last file."""
    report = yield
    if isinstance(collector, pytest.Dir) and os.environ.get("PYTEST_XDIST_WORKER") == "gw1":
        report.result.reverse()
    return report


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Have no garbage looked for while thousands of tests are collected, nor ever among them: they stay to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
        atexit.register(gc.unfreeze)  # DuckDB tells on stderr of what nobody collected


@pytest.hookimpl(tryfirst=True)  # before those that are not asked for are left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests into the order of their files, in which every worker has them, and refuse markers that mislead.

    One that its file does not name, so that its suite would miss the test, and those of two suites for one test, which would both run it.
    """
    items.sort(key=lambda item: (item.nodeid.startswith(LAST), item.path))
    if found := unnamed(items):
        raise pytest.UsageError(
            "Name these markers in the files of their tests, in the docstring where they come from elsewhere: " + "; ".join(found)
        )
    if found := doubled(items):
        raise pytest.UsageError("Mark these tests for one suite alone: " + "; ".join(found))


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """AWS, with IAM enforced: one for the session, so that each test makes things under names of its own."""
    with serving(tmp_path_factory.mktemp("emulator")) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def aws(emulator: Emulator) -> Aws:
    """AWS, as a user who may do everything."""
    return emulator.aws


@pytest.fixture(scope="session")
def trino(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Trino over the emulator's Glue and S3, which answers Athena's API from then on."""
    with serving_trino(emulator, tmp_path_factory.mktemp("trino")) as url:
        yield url
