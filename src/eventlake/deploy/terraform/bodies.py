"""The properties of one resource of a template, as the bodies of its resources in a module."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from eventlake.deploy.cloudformation import Template
from eventlake.deploy.terraform.arguments import Apart, Argument, Arguments, Block, Document, Inline, Inside, Kind, Many, Only, Pairs
from eventlake.deploy.terraform.expressions import NO_VALUE, Scope, expression, is_function, snake, value
from eventlake.deploy.terraform.kinds import KINDS

Body = dict[str, Any]
"""The arguments and blocks of a resource, as Terraform's JSON."""

_KNOWN = {"Type", "Properties", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata"}


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of a module."""

    type: str
    name: str
    body: Body

    @property
    def address(self) -> str:
        """Return how others name it."""
        return f"{self.type}.{self.name}"


@dataclass(frozen=True, slots=True)
class _Place:
    """What stands where: the resource of the template, for what is said of it, and the names it may use."""

    logical_id: str
    scope: Scope

    def fail(self, what: str) -> Exception:
        return self.scope.fail(f"{self.logical_id}: {what}")


def kind_of(logical_id: str, resource: Template, scope: Scope) -> Kind:
    """Return what is known of its type. Raises ConfigurationError if nothing is, or if it says something unknown beside its properties."""
    if resource["Type"] not in KINDS:
        raise scope.fail(f"{logical_id}: no resource of Terraform is known for the type {resource['Type']}")
    for word in resource.keys() - _KNOWN:
        raise scope.fail(f"{logical_id}: {word} of a resource is not known to the translation")
    return KINDS[resource["Type"]]


def resources(logical_id: str, resource: Template, scope: Scope) -> list[Resource]:
    """Write a resource, and those that Terraform has for parts of it. Raises ConfigurationError for what has no counterpart."""
    kind, place = kind_of(logical_id, resource, scope), _Place(logical_id, scope)
    properties = dict(resource.get("Properties", {}))
    of_each = properties.pop(kind.repeated[0]) if kind.repeated else [None]
    condition = [resource["Condition"]] if "Condition" in resource else []
    apart = {name: argument for name, argument in kind.arguments.items() if isinstance(argument, Apart) and name in properties}
    own = {name: part for name, part in properties.items() if name not in apart}
    found = []
    for number, owner in enumerate(of_each):
        body = {**_count(condition), **kind.constants, **_arguments(kind.arguments, own, place), **_prefix(kind, own, place)}
        if kind.repeated:
            body[kind.repeated[1]] = value(owner, scope)
        if resource.get("DeletionPolicy") == "Retain":
            body["lifecycle"] = {"prevent_destroy": True}
        name = snake(logical_id) if len(of_each) == 1 else f"{snake(logical_id)}_{number + 1}"
        found.append(Resource(kind.type, name, body))
    for name, argument in apart.items():
        found += _parts(argument, properties[name], condition, place)
    return found


def _count(conditions: list[str]) -> Body:
    """Say under which conditions there is a resource."""
    return {"count": f"${{{' && '.join(f'local.{snake(one)}' for one in conditions)} ? 1 : 0}}"} if conditions else {}


def _prefix(kind: Kind, properties: Template, place: _Place) -> Body:
    """Begin the name that the template leaves to CloudFormation with the lake's, as far as there is room."""
    if kind.unnamed is None or any(kind.arguments[name] == "name" for name in properties):
        return {}
    argument, longest = kind.unnamed
    return {argument: f'${{substr("${{var.lake_name}}-{snake(place.logical_id).replace("_", "-")}-", 0, {longest})}}'}


def _parts(argument: Apart, part: Any, condition: list[str], place: _Place) -> Iterator[Resource]:
    """Write what is a resource of its own: an object, one under a condition, or each of a list."""
    if isinstance(part, dict) and "Fn::If" in part and part["Fn::If"][2] == NO_VALUE:
        condition, part = [*condition, part["Fn::If"][0]], part["Fn::If"][1]
    name, owner = snake(place.logical_id), place.scope.resources[place.logical_id]
    for number, item in enumerate(part if isinstance(part, list) else [part]):
        plain = argument.arguments.get("Ref")
        links = {own: f"${{{owner.read(theirs)}}}" for own, theirs in argument.links.items()}
        body = {plain: value(item, place.scope)} if isinstance(plain, str) else _arguments(argument.arguments, item, place)
        after = {"depends_on": [f"{argument.after}.{name}"]} if argument.after else {}
        suffix = f"_{snake(item[argument.suffix])}" if argument.suffix else f"_{number + 1}" if isinstance(part, list) else ""
        yield Resource(argument.type, name + suffix, {**_count(condition), **links, **body, **after})


def _arguments(arguments: Arguments, properties: Template, place: _Place) -> Body:
    """Write properties as arguments and blocks."""
    if is_function(properties):
        raise place.fail(f"{next(iter(properties))} stands where the translation wants properties")
    body: Body = {}
    for name, part in properties.items():
        if name not in arguments:
            raise place.fail(f"no argument of Terraform is known for the property {name}")
        _add(body, _written(name, arguments[name], part, place))
    return body


def _written(name: str, argument: Argument, part: Any, place: _Place) -> Body:
    scope = place.scope
    match argument:
        case str():
            return {argument: value(part, scope)}
        case Document():
            return {argument.name: f"${{jsonencode({expression(part, scope)})}}"}
        case Many():
            return {argument.name: [value(part, scope)]}
        case Pairs():
            return {argument.name: {pair[argument.key]: value(pair[argument.of], scope) for pair in part}}
        case Inline():
            return _arguments(argument.arguments, part, place)
        case Inside():
            return {argument.block: [{argument.name: value(part, scope)}]}
        case Block():
            return _blocks(argument, part, place)
        case Only():
            if part != argument.value:
                raise place.fail(f"{name} is {part!r}, and the translation knows {argument.value!r} alone")
            return {}
    raise place.fail(f"{name} is a resource of its own, which may not stand here")


def _blocks(block: Block, part: Any, place: _Place) -> Body:
    """Write an object or a list of objects as blocks, those under a condition as dynamic ones."""
    body: Body = {}
    for item in part if isinstance(part, list) else [part]:
        if not (isinstance(item, dict) and "Fn::If" in item):
            _add(body, {block.name: [{**_arguments(block.arguments, item, place), **block.constants}]})
            continue
        name, *branches = item["Fn::If"]
        for condition, branch in zip((f"local.{snake(name)}", f"!local.{snake(name)}"), branches, strict=True):
            if branch != NO_VALUE:
                _add(body, {"dynamic": {block.name: [_dynamic(block, branch, condition, place)]}})
    return body


def _dynamic(block: Block, part: Any, condition: str, place: _Place) -> Body:
    """Write blocks that are there under a condition: one, or one for each of a list of plain objects."""
    if not isinstance(part, list):
        content = {**_arguments(block.arguments, part, place), **block.constants}
        return {"for_each": f"${{{condition} ? [1] : []}}", "content": content}
    names = {name: argument for name, argument in block.arguments.items() if isinstance(argument, str)}
    used = [name for name in names if any(name in item for item in part)]
    for item in part:
        for name in item.keys() - names.keys():
            raise place.fail(f"{name} may not stand in a list under a condition")
    rows = [{names[name]: item.get(name, NO_VALUE) for name in used} for item in part]
    content = {names[name]: f"${{{block.name}.value.{names[name]}}}" for name in used}
    return {"for_each": f"${{{condition} ? {expression(rows, place.scope)} : []}}", "content": content}


def _add(body: Body, more: Body) -> None:
    """Add arguments and blocks to a body; blocks of one name come one after the other."""
    for name, part in more.items():
        if name == "dynamic":
            _add(body.setdefault("dynamic", {}), part)
        elif isinstance(part, list) and name in body:
            body[name] += part
        else:
            body[name] = part
