"""Imports point one way, and cost what they should: told by a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "eventlake"
HEAVY = {"duckdb", "uvicorn", "uvloop", "httptools", "isal", "msgspec", "boto3", "botocore"}


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after a statement, beyond those it began with."""
    code = f"import sys, json; before = set(sys.modules)\n{statement}\nprint(json.dumps(sorted(set(sys.modules) - before)))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(said.stdout.splitlines()[-1]))


def top_level(modules: set[str]) -> set[str]:
    """The packages that modules belong to."""
    return {module.partition(".")[0] for module in modules}


def modules_of(room: str) -> list[str]:
    """Every module of a room of `src/eventlake`, which may be a single module."""
    files = (PACKAGE / room).rglob("*.py") if (PACKAGE / room).is_dir() else [PACKAGE / f"{room}.py"]
    return [".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__") for file in files]


def test_the_flow_and_the_nouns_load_the_standard_library_only() -> None:
    """Nothing that would have to be shipped with a function."""
    rooms = ["pipeline", "sources", "history", "lake", "interfaces", "description", "layout", "model", "errors", "naming", "checksum"]
    modules = [module for room in rooms for module in modules_of(room)]

    loaded = loaded_by(f"import {', '.join(modules)}")

    assert set(modules) <= loaded
    assert top_level(loaded) - set(sys.stdlib_module_names) == {"eventlake"}


def test_the_command_line_loads_nothing_heavy() -> None:
    """`--help` answers at once."""
    loaded = loaded_by("from eventlake.cli import run; run(['--help'])")

    assert top_level(loaded) & HEAVY == set()


def test_the_package_itself_is_cheap() -> None:
    """`import eventlake` loads its errors and no stage."""
    loaded = {module for module in loaded_by("import eventlake") if module.startswith("eventlake")}

    assert loaded == {"eventlake", "eventlake.errors"}


def test_what_starts_the_process_of_queries_loads_no_translation() -> None:
    """The process loads DuckDB and the translation while the command loads what it needs, not after it."""
    loaded = loaded_by("import eventlake.query.box.zygote")

    assert not {module for module in loaded if module.startswith(("eventlake.dialect", "duckdb", "msgspec"))}


def test_the_contract_on_imports_is_kept() -> None:
    """The layers of pyproject.toml, by import-linter."""
    said = subprocess.run([str(Path(sys.executable).parent / "lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False)

    assert said.returncode == 0, said.stdout


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Not even where an import is lazy or for types only; the package's own names, loaded when they are used, are aside."""
    found = grimp.build_graph("eventlake", cache_dir=None)
    imports = {module: found.find_modules_directly_imported_by(module) for module in found.modules - {"eventlake"}}

    graph = TopologicalSorter({module: named - {"eventlake"} for module, named in imports.items()})

    try:
        graph.prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
