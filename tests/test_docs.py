"""The documentation says what the code does: derived pages are up to date, and nothing public is left out."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path

import pytest

from eventlake import errors
from eventlake.cli.reference import DOCS, pages
from eventlake.sources import load
from project import ROOT, files_of_the_project

WRITTEN = {".md", ".py", ".toml", ".lock", ".sql"}
MODULES = sorted(path.relative_to(ROOT / "src/eventlake") for path in (ROOT / "src/eventlake").rglob("*.py") if path.name != "__init__.py")


@pytest.mark.parametrize("path", sorted(pages()), ids=str)
def test_derived_pages_are_up_to_date(path: Path) -> None:
    """`python -m eventlake.cli.reference` writes them."""
    assert (DOCS / path).read_text("utf-8") == pages()[path]


def test_every_column_of_every_table_is_documented() -> None:
    """On the page of its source, with a meaning of its own."""
    for source in load():
        page = (DOCS / "sources" / f"{source.name}.md").read_text("utf-8")
        for table in source.tables:
            assert f"## `{table.name}`" in page
            for column in table.columns:
                assert f"| `{column.name}` |" in page
                assert len(column.doc) > 8


def test_every_error_stands_in_the_tree() -> None:
    """The docstring of `errors` is the tree of its classes, with a word on each."""
    classes = [name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, Exception)]
    tree = inspect.getdoc(errors) or ""

    assert [name for name in classes if not re.search(rf"\b{name}\s+\S", tree)] == []


def test_every_module_says_what_it_is() -> None:
    """Its first line is its docstring; its room is described in docs/architecture.md."""
    page = (DOCS / "architecture.md").read_text("utf-8")

    assert [module for module in MODULES if not (ROOT / "src/eventlake" / module).read_text("utf-8").startswith('"""')] == []
    assert [module for module in MODULES if f"`{module.parts[0]}" not in page] == []


def test_every_dependency_has_its_reason() -> None:
    """In docs/dependencies.md."""
    declared = re.findall(r'^    "([a-z_]+)[=>]=', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    page = (DOCS / "dependencies.md").read_text("utf-8")

    assert [name for name in declared if f"`{name}`" not in page] == []


def test_links_between_pages_lead_somewhere() -> None:
    """Relative links name a file that exists."""
    pages = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
    links = [(page, link) for page in pages for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))]

    assert [(str(page.relative_to(ROOT)), link) for page, link in links if not (page.parent / link).exists()] == []


def test_nothing_of_one_machine_stands_in_the_project() -> None:
    """No path of a developer's machine, no name of a registry's host."""
    forbidden = re.compile(r"/(work|root|home)/[a-z]|files\.pythonhosted|pypi\.org/simple")
    texts = [path for path in files_of_the_project() if path.suffix in WRITTEN and path != Path(__file__)]

    assert len(texts) > len(MODULES)
    assert [str(path) for path in texts if forbidden.search(path.read_text("utf-8"))] == []


WALKED = re.findall(r"`((?:local|pipeline|backends|query|dialect)(?:\.\w+)+)`", (DOCS / "architecture.md").read_text("utf-8"))
"""What the page on architecture names by its module, as in `dialect.translate.translate`."""


def test_what_the_architecture_names_is_there() -> None:
    """An event and a query are told by the names of those who handle them."""
    named = [f"eventlake.{name}".rpartition(".") for name in sorted(set(WALKED))]

    assert [(module, member) for module, _, member in named if not hasattr(importlib.import_module(module), member)] == []
