"""What a template may say in the place of a value, as Terraform's JSON: a plain value where it can be, `${...}` where something is worked out.

https://developer.hashicorp.com/terraform/language/syntax/json
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eventlake.deploy.cloudformation import Template
from eventlake.errors import ConfigurationError

NO_VALUE = {"Ref": "AWS::NoValue"}
LIST = "CommaDelimitedList"
"""A parameter whose text means a list."""

_REFERENCE = re.compile(r"\$\{(!?)([^}]*)\}")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a template's names stand for.

    template: its path below templates/. parameters: its own. names: each resource by its logical id, as `one resource's address` and what it is;
    aws: where account, region and partition are read from. lake: what stands for the name of the outermost stack.
    """

    template: str
    parameters: Template
    resources: Mapping[str, Address]
    aws: str
    lake: str

    def fail(self, what: str) -> ConfigurationError:
        """Say what of the template Terraform is not told."""
        return ConfigurationError(f"templates/{self.template}: {what}, so no Terraform module is written.")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a resource is found. counted: whether it may be missing. value: the attribute that is meant by its name alone.

    attributes: those that a template may ask for, with theirs; None for a module, which has any output.
    """

    address: str
    counted: bool
    value: str
    attributes: Mapping[str, str] | None

    def read(self, attribute: str) -> str:
        """Write the expression of one of its attributes; null if the resource is missing."""
        return f"one({self.address}[*].{attribute})" if self.counted else f"{self.address}.{attribute}"


def snake(name: str) -> str:
    """Write a template's name as Terraform's are: `BufferingHintsSizeInMBs` is `buffering_hints_size_in_mbs`."""
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name.replace("MBs", "Mbs"))
    return re.sub(r"([A-Z])([A-Z][a-z])", r"\1_\2", parted).lower().replace("-", "_")


def value(part: Any, scope: Scope) -> Any:  # a part of a template, and of a module
    """Write a part of a template as JSON. Raises ConfigurationError for a function that is not known."""
    if isinstance(part, str):
        return _escaped(part)
    if is_function(part):
        return _template_text(part, scope) if "Fn::Sub" in part else f"${{{expression(part, scope)}}}"
    if isinstance(part, dict):
        return {key: value(inner, scope) for key, inner in part.items()}
    if isinstance(part, list):
        return f"${{{expression(part, scope)}}}" if has_gaps(part) else [value(inner, scope) for inner in part]
    return part


def expression(part: Any, scope: Scope) -> str:
    """Write a part of a template as an expression. Raises ConfigurationError for a function that is not known."""
    if part == NO_VALUE:
        return "null"
    if is_function(part):
        return _function(part, scope)
    if isinstance(part, str):
        return _quoted(_escaped(part))
    if isinstance(part, dict):
        return "{" + ", ".join(f"{_quoted(_escaped(key))} = {expression(inner, scope)}" for key, inner in part.items()) + "}"
    if isinstance(part, list):
        items = "[" + ", ".join(expression(inner, scope) for inner in part) + "]"
        return f"[for each in {items} : each if each != null]" if has_gaps(part) else items
    return json.dumps(part)


def is_function(part: Any) -> bool:
    """Return True for an intrinsic function, and for the name of a condition."""
    if not isinstance(part, dict) or len(part) != 1:
        return False
    name, argument = next(iter(part.items()))
    return name == "Ref" or name.startswith("Fn::") or (name == "Condition" and isinstance(argument, str))


def has_gaps(parts: list[Any]) -> bool:
    """Return True if an item of a list may be left out."""
    return any(isinstance(part, dict) and "Fn::If" in part and NO_VALUE in part["Fn::If"][1:] for part in parts)


def _function(part: Template, scope: Scope) -> str:
    name, argument = next(iter(part.items()))
    if name == "Ref":
        return _reference(argument, scope)
    if name == "Fn::Sub":
        return _quoted_template(part, scope)
    if name == "Fn::GetAtt":
        return _attribute(argument[0], argument[1], scope)
    if name == "Condition":
        return f"local.{snake(argument)}"
    arguments = [_compared(one, scope) if name == "Fn::Equals" else expression(one, scope) for one in argument] if name != "Fn::If" else []
    match name:
        case "Fn::If":
            return f"(local.{snake(argument[0])} ? {expression(argument[1], scope)} : {expression(argument[2], scope)})"
        case "Fn::Join":
            return f"join({arguments[0]}, {arguments[1]})"
        case "Fn::Equals":
            return f"({arguments[0]} == {arguments[1]})"
        case "Fn::Not":
            return f"!{arguments[0]}"
        case "Fn::And":
            return f"({' && '.join(arguments)})"
        case "Fn::Or":
            return f"({' || '.join(arguments)})"
        case "Fn::Contains":
            return f"contains({arguments[0]}, tostring({arguments[1]}))"
    raise scope.fail(f"the function {name} is not known to the translation")


def _compared(part: Any, scope: Scope) -> str:
    """Write one side of a comparison: CloudFormation compares texts, so a number becomes one; whether a secret is empty is none."""
    written = expression(part, scope)
    parameter = scope.parameters.get(part["Ref"], {}) if isinstance(part, dict) and "Ref" in part else {}
    if parameter.get("Type") == "Number":
        return f"tostring({written})"
    return f"nonsensitive({written})" if parameter.get("NoEcho") else written


def _reference(name: str, scope: Scope) -> str:
    if name.startswith("AWS::"):
        found = {"AccountId": "account_id", "Region": "region", "Partition": "partition", "URLSuffix": "dns_suffix"}.get(name[5:])
        if name == "AWS::StackName":
            return scope.lake
        if found is None:
            raise scope.fail(f"{name} is not known to the translation")
        return f"{scope.aws}.{found}"
    if name in scope.parameters:
        return f'split(",", var.{snake(name)})' if scope.parameters[name]["Type"] == LIST else f"var.{snake(name)}"
    if name not in scope.resources:
        raise scope.fail(f'"{name}" is neither a parameter nor a resource')
    resource = scope.resources[name]
    return resource.read(resource.value)


def _attribute(name: str, attribute: str, scope: Scope) -> str:
    text = _attribute_text(name, attribute, scope)
    return text[2:-1] if text.count("${") == 1 and text.startswith("${") and text.endswith("}") else f'"{text}"'


def _attribute_text(name: str, attribute: str, scope: Scope) -> str:
    """Write an attribute of a resource as a text: one that Terraform spells differently is made of another."""
    resource = scope.resources[name]
    if resource.attributes is None:
        return f"${{{resource.read(snake(attribute.removeprefix('Outputs.')))}}}"
    if attribute not in resource.attributes:
        raise scope.fail(f'the attribute {attribute} of "{name}" is not known to the translation')
    written = resource.attributes[attribute]
    made = written.split("{}")
    return f"${{{resource.read('arn')}}}".join(made) if len(made) > 1 else f"${{{resource.read(written)}}}"


def _template_text(part: Template, scope: Scope) -> str:
    """Write a text in which names stand for values, as JSON holds it."""
    pieces, end = [], 0
    for found in _REFERENCE.finditer(text := part["Fn::Sub"]):
        pieces += [_escaped(text[end : found.start()]), _substituted(found, scope)]
        end = found.end()
    return "".join([*pieces, _escaped(text[end:])])


def _substituted(found: re.Match[str], scope: Scope) -> str:
    literally, name = found.groups()
    if literally:
        return "$${" + name + "}"
    resource, dot, attribute = name.partition(".")
    return _attribute_text(resource, attribute, scope) if dot else f"${{{_reference(name, scope)}}}"


def _quoted_template(part: Template, scope: Scope) -> str:
    """Write such a text as an expression: quotes inside `${...}` stay as they are there."""
    return '"' + re.sub(r"\$\{[^}]*\}|[^$]+|\$", lambda found: _unquoted(found[0]), _template_text(part, scope)) + '"'


def _unquoted(piece: str) -> str:
    return piece if piece.startswith("${") else _quoted(piece)[1:-1]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _escaped(text: str) -> str:
    """Write a text so that Terraform takes it as it is."""
    return text.replace("${", "$${").replace("%{", "%%{")
