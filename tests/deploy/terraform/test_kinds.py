"""Every argument that a module gives, against the schema of the AWS provider (6.66.0, by `tests/read_terraform_schema.py`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eventlake.deploy.terraform.arguments import Apart, Argument, Block, Document, Inline, Inside, Kind, Many, Pairs
from eventlake.deploy.terraform.kinds import KINDS

SCHEMA: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "schema.json").read_text("utf-8"))
OF_EVERY_RESOURCE = {"count", "depends_on", "lifecycle", "dynamic"}


def test_every_argument_of_every_resource_is_one_of_the_providers(switched_on: Path, written: Path) -> None:
    """Arguments exist, blocks are blocks, one block stands where one may, and what is required is there; with the optional sources too."""
    found = {path: json.loads(path.read_text("utf-8")) for folder in (switched_on, written) for path in folder.rglob("*.tf.json")}
    faults = [
        fault
        for path, module in found.items()
        for kind, named in module.get("resource", {}).items()
        for name, body in named.items()
        for fault in _faults(f"{path}: {kind}.{name}", body, SCHEMA[kind])
    ]
    assert not faults


def _faults(where: str, body: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    """Say what of a body the provider would refuse."""
    known = {name.strip("*?"): name for name in schema}
    dynamic = {name: [one["content"] for one in several] for name, several in body.get("dynamic", {}).items()}
    faults = [f"{where}: no argument {name}" for name in body.keys() - OF_EVERY_RESOURCE - known.keys()]
    for name, marked in known.items():
        inner, given = schema[marked], body.get(name)
        if not isinstance(inner, dict):
            faults += [f"{where}: {name} is missing"] if given is None and not inner.endswith("?") else []
            faults += (
                [f"{where}: {name} is no text"]
                if inner.startswith("string") and isinstance(given, dict | list) and "[]" not in inner
                else []
            )
            faults += [f"{where}: {name} is no map"] if inner.startswith("map") and not isinstance(given, dict | None) else []
            continue
        blocks = (given or []) + dynamic.get(name, [])
        if not isinstance(given, list | None) or (not blocks and not marked.endswith("?")):
            faults.append(f"{where}: {name} is missing, or no block")
        elif len(given or []) > 1 and not marked.startswith("*"):
            faults.append(f"{where}: {name} stands more than once")
        for block in blocks:
            faults += _faults(f"{where}: {name}", block, inner)
    return faults


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_argument_of_the_table_is_one_of_the_providers(kind: Kind) -> None:
    """Those too that no template gives today."""
    assert not [name for name in _names(kind.arguments, SCHEMA[kind.type]) if "?" in name]
    assert kind.attributes.keys() <= {"Arn", "QueueName", "FunctionUrl"}


def _names(arguments: dict[str, Argument] | Any, schema: dict[str, Any]) -> list[str]:
    """Return the names of the arguments; with a question mark those that the schema lacks."""
    known = {name.strip("*?"): name for name in schema}
    found = []
    for argument in arguments.values():
        match argument:
            case str():
                found.append(argument if argument in known else f"{argument}?")
            case Document(name) | Many(name) | Pairs(name):
                found.append(name if name in known else f"{name}?")
            case Inside(block, name):
                found += [name if name in {one.strip("*?") for one in schema[known[block]]} else f"{name}?"]
            case Inline(inner):
                found += _names(inner, schema)
            case Block(name, inner):
                found += _names(inner, schema[known[name]])
            case Apart():
                found += [one if one in SCHEMA[argument.type] else f"{one}?" for one in argument.links]
                found += _names(argument.arguments, SCHEMA[argument.type])
    return found
