"""CloudFormation's templates worked out: what each resource says once the parameters are known, as CloudFormation would say it.

What a resource says of another is a text, as in `terraform_twin`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from eventlake.deploy.terraform.expressions import snake

ARNS = {"AWS::SNS::Topic", "AWS::IAM::ManagedPolicy"}
URLS = {"AWS::SQS::Queue"}
"""Types whose name alone means their ARN or URL, by CloudFormation's pages; that of the others means their name."""

_NOTHING = object()


class Stack:
    """A stack and those nested in it. path: of its template, below templates/."""

    def __init__(self, path: str, templates: Mapping[str, Any], given: Mapping[str, Any], pseudo: Mapping[str, str]) -> None:
        self.path, self.templates, self.pseudo = path, templates, pseudo
        self.template = templates[path]
        self.parameters = {name: given.get(name, parameter.get("Default")) for name, parameter in self.template["Parameters"].items()}
        self.nested: dict[str, Stack] = {}

    def resources(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield each resource that is made: the module it is in, its logical id, and itself with its properties worked out."""
        for name, resource in self.template["Resources"].items():
            if "Condition" in resource and not self._holds(resource["Condition"]):
                continue
            if resource["Type"] == "AWS::CloudFormation::Stack":
                yield from self._stack(name).resources()
            else:
                yield self._module(), name, {**resource, "Properties": self._worked_out(resource.get("Properties", {}))}

    def _module(self) -> str:
        return self.path.removesuffix(".yaml")

    def _stack(self, name: str) -> Stack:
        if name not in self.nested:
            properties = self.template["Resources"][name]["Properties"]
            path = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), properties["TemplateURL"]))
            self.nested[name] = Stack(path, self.templates, self._worked_out(properties["Parameters"]), self.pseudo)
        return self.nested[name]

    def _holds(self, condition: str) -> bool:
        return bool(self._worked_out(self.template["Conditions"][condition]))

    def _worked_out(self, part: Any) -> Any:
        if isinstance(part, list):
            return [inner for one in part if (inner := self._worked_out(one)) is not _NOTHING]
        if not isinstance(part, dict):
            return part
        if len(part) == 1:
            name, argument = next(iter(part.items()))
            if name in {"Ref", "Condition"} and isinstance(argument, str):
                return self._holds(argument) if name == "Condition" else self._reference(argument)
            if name.startswith("Fn::"):
                return self._function(name[4:], argument)
        return {key: inner for key, one in part.items() if (inner := self._worked_out(one)) is not _NOTHING}

    def _function(self, name: str, argument: Any) -> Any:
        match name:
            case "GetAtt":
                return self._attribute(*argument)
            case "Sub":
                return re.sub(r"\$\{([\w:]+)(?:\.([\w.]+))?\}", lambda found: str(self._substituted(*found.groups())), argument)
            case "If":
                return self._worked_out(argument[1 if self._holds(argument[0]) else 2])
            case "Join":
                return argument[0].join(str(one) for one in self._worked_out(argument[1]))
            case "Equals":
                left, right = (str(self._worked_out(one)) for one in argument)
                return left == right
            case "Not":
                return not self._worked_out(argument[0])
            case "And":
                return all(self._worked_out(one) for one in argument)
            case "Or":
                return any(self._worked_out(one) for one in argument)
        raise AssertionError(name)

    def _substituted(self, name: str, attribute: str | None) -> Any:
        return self._attribute(name, attribute) if attribute else self._reference(name)

    def _reference(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NOTHING
        if name.startswith("AWS::"):
            return self.pseudo[name]
        if name in self.parameters:
            is_list = self.template["Parameters"][name]["Type"] == "CommaDelimitedList"
            return self.parameters[name].split(",") if is_list else self.parameters[name]
        kind = self.template["Resources"][name]["Type"]
        return f"<{self._module()}:{snake(name)}{'.arn' if kind in ARNS else '.url' if kind in URLS else ''}>"

    def _attribute(self, name: str, attribute: str) -> Any:
        resource = self.template["Resources"][name]
        if resource["Type"] == "AWS::CloudFormation::Stack":
            stack = self._stack(name)
            return stack._worked_out(stack.template["Outputs"][attribute.removeprefix("Outputs.")]["Value"])
        end = {"Arn": ".arn>", "QueueName": ">", "FunctionUrl": ".function_url>"}[attribute] + (
            ":*" if resource["Type"] == "AWS::Logs::LogGroup" else ""
        )
        return f"<{self._module()}:{snake(name)}{end}"
