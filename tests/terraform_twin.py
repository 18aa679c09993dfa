"""A twin of the Terraform module that needs no provider: `terraform` itself works out every argument of every resource, and nothing is made.

A resource becomes a value of its module's output `resources`; what others read of it is a text that says what was read, as
`<sources/auth0:WorkGroup>` for its name and `<upkeep:ObjectQueue.arn>` for its ARN, under the names of the template.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

ACCOUNT, REGION, PARTITION, SUFFIX = "111122223333", "eu-west-1", "aws", "amazonaws.com"
NAMES = {"id", "name", "bucket", "function_name", "alarm_name", "event_bus_name"}
"""Attributes that hold the name of what they are read of, in the types of resources that a lake has."""

_ADDRESS = re.compile(r"(?<![\w.])(aws_\w+)\.(\w+)")
_WHOLE = re.compile(r"\$\{(.*)\}", re.DOTALL)


def evaluate(folder: Path, variables: dict[str, Any], scratch: Path) -> dict[str, Any]:
    """Return all resources of the modules in a folder: {"own": {type: {name: body}}, "modules": {name: the same}}; None for one without."""
    for path in folder.rglob("*.tf.json"):
        place = path.relative_to(folder)
        content = json.loads(path.read_text("utf-8"))
        (scratch / place).parent.mkdir(parents=True, exist_ok=True)
        (scratch / place).write_text(json.dumps(_twin(content, place.parent.as_posix())), "utf-8")
    shutil.copyfile(folder / "functions.zip", scratch / "functions.zip")
    (scratch / "terraform.tfvars.json").write_text(json.dumps(variables), "utf-8")
    _run(scratch, "get")
    _run(scratch, "apply", "-auto-approve", "-input=false", "-lock=false")
    found: dict[str, Any] = json.loads(_run(scratch, "output", "-json"))["resources"]["value"]
    return found


def _run(folder: Path, *words: str) -> str:
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    done = subprocess.run(
        ["terraform", *words, "-no-color"] if words[0] != "output" else ["terraform", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _twin(content: dict[str, Any], place: str) -> dict[str, Any]:
    """Write the twin of one module: its resources as local values, what they say of each other as texts."""
    resources = content.pop("resource", {})
    content["terraform"] = {"required_version": content["terraform"]["required_version"]}
    if "data" in content:
        del content["data"]
        content["locals"]["aws"] = {"account_id": ACCOUNT, "region": REGION, "partition": PARTITION, "dns_suffix": SUFFIX}
    for module in content.get("module", {}).values():
        module.pop("depends_on", None)  # it would ask for what is known to wait for what is known
    bodies = {kind: {name: _value(body) for name, body in named.items()} for kind, named in resources.items()}
    shown = {name: f"${{one(module.{name}[*].resources)}}" for name in content.get("module", {})}
    content = json.loads(_ADDRESS.sub(lambda found: _stand_in(found, resources), json.dumps(content)))
    bodies = json.loads(_ADDRESS.sub(lambda found: _stand_in(found, resources), json.dumps(bodies)))
    content.setdefault("locals", {})["stand_ins"] = {
        kind: {name: _attributes(place, name, kind, body) for name, body in named.items()} for kind, named in resources.items()
    }
    content.setdefault("output", {})["resources"] = {"value": {"own": bodies, "modules": shown}, "sensitive": False}
    text = json.dumps(content).replace('"sensitive": true', '"sensitive": false')
    return json.loads(re.sub(r"nonsensitive\((.*?)\)", r"\1", text))  # type: ignore[no-any-return]


def _stand_in(found: re.Match[str], resources: dict[str, Any]) -> str:
    kind, name = found.groups()
    return f"local.stand_ins.{kind}.{name}" if name in resources.get(kind, {}) else found[0]


def _attributes(place: str, name: str, kind: str, body: dict[str, Any]) -> Any:
    """Write what may be read of a resource; a list of one or none, if it is counted."""
    whose = f"{place.removeprefix('modules/')}:{name}"
    read = dict.fromkeys(NAMES, f"<{whose}>") | {
        "arn": f"<{whose}.arn>",
        "url": f"<{whose}.url>",
        "function_url": f"<{whose}.function_url>",
    }
    return f"${{{_count(body)} == 1 ? [{_hcl(read)}] : []}}" if "count" in body else read


def _count(body: dict[str, Any]) -> str:
    whole = _WHOLE.fullmatch(body["count"])
    assert whole is not None
    return f"({whole[1]})"


def _value(body: dict[str, Any]) -> Any:
    """Write a body as a value: dynamic blocks as lists of what they come to."""
    written = {}
    for name, part in body.items():
        if name in {"depends_on", "lifecycle"}:
            continue
        if name != "dynamic":
            written[name] = _inner(part)
            continue
        for block, several in part.items():
            written[f"dynamic {block}"] = [_each(block, one) for one in several]
    return written


def _inner(part: Any) -> Any:
    if isinstance(part, dict):
        return _value(part)
    return [_inner(one) for one in part] if isinstance(part, list) else part


def _each(block: str, one: dict[str, Any]) -> str:
    whole = _WHOLE.fullmatch(one["for_each"])
    assert whole is not None
    content = _hcl(_value(one["content"])).replace(f"{block}.value.", "each_one.")
    return f"${{[for each_one in ({whole[1]}) : {content}]}}"


def _hcl(part: Any) -> str:
    """Write a value of Terraform's JSON in its own language."""
    if isinstance(part, dict):
        return "{" + ", ".join(f"{json.dumps(name)} = {_hcl(inner)}" for name, inner in part.items()) + "}"
    if isinstance(part, list):
        return "[" + ", ".join(_hcl(inner) for inner in part) + "]"
    if isinstance(part, str) and part.startswith("${") and part.count("${") == 1 and part.endswith("}"):
        return part[2:-1]
    if isinstance(part, str) and part.startswith("${jsonencode(") and part.endswith(")}"):
        return part[2:-1]
    if isinstance(part, str):
        return (
            '"'
            + re.sub(r"\$\{[^}]*\}|[^$]+|\$", lambda found: found[0] if found[0][:2] == "${" else json.dumps(found[0])[1:-1], part)
            + '"'
        )
    return json.dumps(part)
