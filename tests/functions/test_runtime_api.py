"""The harness behaves as Lambda where a function cannot start, raises, or answers too much."""

from __future__ import annotations

from pathlib import Path

from functions.runtime_api import RESPONSE_LIMIT_BYTES, running


def test_a_handler_that_is_not_there_is_an_error_at_the_start(tmp_path: Path) -> None:
    """Named as on AWS."""
    with running("eventlake.functions.nothing.handler", tmp_path) as container:
        error = container.start_error()

    assert (error.is_error, error.value["errorType"]) == (True, "Runtime.ImportModuleError")


def test_what_goes_wrong_in_a_handler_is_an_error_with_its_class(tmp_path: Path) -> None:
    """An exception, and an answer that Lambda does not hand on because it is too long."""
    (tmp_path / "times.py").write_text("def handler(event, context):\n    return 'x' * event\n")
    with running("times.handler", tmp_path, {"PYTHONPATH": str(tmp_path)}) as container:
        assert container.invoke(3).value == "xxx"
        raised, too_long = container.invoke({}), container.invoke(RESPONSE_LIMIT_BYTES)

    assert (raised.is_error, raised.value["errorType"]) == (True, "TypeError")
    assert (too_long.is_error, too_long.value["errorType"]) == (True, "Function.ResponseSizeTooLarge")
