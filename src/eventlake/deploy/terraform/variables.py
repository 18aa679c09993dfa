"""The parameters of a template as variables of a module, with what they take; and its rules, which one variable asks of another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from eventlake.deploy.cloudformation import Template
from eventlake.deploy.terraform.expressions import LIST, Scope, expression, snake

_TYPES = {"String": "string", "Number": "number", LIST: "string"}
_KNOWN = {
    "Type", "Default", "Description", "NoEcho", "ConstraintDescription", "AllowedPattern", "AllowedValues", "MinValue", "MaxValue", "MinLength", "MaxLength"
}  # fmt: skip


def variables(template: Template, scope: Scope) -> dict[str, Template]:
    """Write every parameter of a template. Raises ConfigurationError for a constraint that is not known."""
    found = {snake(name): variable(name, parameter, scope) for name, parameter in template["Parameters"].items()}
    for rule in template.get("Rules", {}).values():
        for assertion in rule["Assertions"]:
            name = snake(next(_references(assertion["Assert"])))
            condition = f"!{expression(rule['RuleCondition'], scope)} || {expression(assertion['Assert'], scope)}"
            found[name].setdefault("validation", []).append(_validation(condition, assertion["AssertDescription"]))
    return found


def variable(name: str, parameter: Template, scope: Scope) -> Template:
    """Write one parameter."""
    if parameter["Type"] not in _TYPES or parameter.keys() - _KNOWN:
        unknown = ", ".join(sorted(parameter.keys() - _KNOWN)) or parameter["Type"]
        raise scope.fail(f"the parameter {name} says {unknown}, which is not known to the translation")
    written: Template = {"type": _TYPES[parameter["Type"]]}
    if "Description" in parameter:
        written["description"] = parameter["Description"]
    if "Default" in parameter:
        written["default"] = parameter["Default"]
    if parameter.get("NoEcho"):
        written["sensitive"] = True
    checks = [_validation(check, _advice(name, parameter)) for check in _checks(f"var.{snake(name)}", parameter)]
    return {**written, **({"validation": checks} if checks else {})}


def _checks(name: str, parameter: Template) -> Iterator[str]:
    if "AllowedPattern" in parameter:
        yield f"can(regex({json.dumps('^(?:' + parameter['AllowedPattern'] + ')$')}, {name}))"
    if "AllowedValues" in parameter:
        yield f"contains({json.dumps(parameter['AllowedValues'])}, {name})"
    for word, sign in (("MinValue", ">="), ("MaxValue", "<=")):
        if word in parameter:
            yield f"{name} {sign} {parameter[word]}"
    for word, sign in (("MinLength", ">="), ("MaxLength", "<=")):
        if word in parameter:
            yield f"length({name}) {sign} {parameter[word]}"


def _advice(name: str, parameter: Template) -> str:
    """Say what a variable takes."""
    if "ConstraintDescription" in parameter:
        return f"{snake(name)}: {parameter['ConstraintDescription']}"
    if "AllowedValues" in parameter:
        return f"{snake(name)} is one of {', '.join(str(one) for one in parameter['AllowedValues'])}."
    least, most = (
        next((parameter[word] for word in words if word in parameter), "any")
        for words in (("MinValue", "MinLength"), ("MaxValue", "MaxLength"))
    )
    unit = " characters" if "MinLength" in parameter or "MaxLength" in parameter else ""
    return f"{snake(name)} is from {least} to {most}{unit}."


def _validation(condition: str, message: str) -> Template:
    return {"condition": f"${{{condition}}}", "error_message": message}


def _references(part: Any) -> Iterator[str]:  # a part of a template
    """Yield the parameters that a part of a template names."""
    if isinstance(part, dict):
        for key, inner in part.items():
            if key == "Ref":
                yield inner
            else:
                yield from _references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _references(inner)
