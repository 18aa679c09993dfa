"""CloudFormation's vocabulary, and a template as YAML.

A template is built of plain dicts and lists; an intrinsic function is a `Tagged` value and is written in its short form (`!Ref Name`).
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

Template = dict[str, Any]
"""A template or a part of one: what YAML can say, and `Tagged` values."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """An intrinsic function: its name without `Fn::`, and its argument."""

    name: str
    argument: Any  # a text, or a list of what a template may hold


def ref(name: str) -> Tagged:
    """Return the value of a parameter or resource."""
    return Tagged("Ref", name)


def sub(text: str) -> Tagged:
    """Return a text in which `${Name}` stands for a value."""
    return Tagged("Sub", text)


def attribute(resource: str, name: str) -> Tagged:
    """Return an attribute of a resource, or an output of a nested stack."""
    return Tagged("GetAtt", f"{resource}.{name}")


def when(condition: str, value: Any, otherwise: Any = None) -> Tagged:  # values are parts of a template
    """Choose one value or another by a condition; None leaves the property out."""
    return Tagged("If", [condition, value, NOTHING if otherwise is None else otherwise])


def equals(parameter: str, value: str) -> Tagged:
    """Say, for a condition, that a parameter has this value."""
    return Tagged("Equals", [ref(parameter), value])


def is_set(parameter: str) -> Tagged:
    """Say, for a condition, that a parameter is not empty."""
    return Tagged("Not", [equals(parameter, "")])


def nested_stack(path: str, parameters: Template) -> Template:
    """Describe a nested stack. path: its template, below the folder of the one that names it."""
    return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": path, "Parameters": parameters}}


def cut(text: str, limit_bytes: int) -> str:
    """Return a description with dots in the place of what AWS would not take."""
    whole = text.encode()
    return text if len(whole) <= limit_bytes else whole[: limit_bytes - 3].decode(errors="ignore") + "..."


NOTHING = Tagged("Ref", "AWS::NoValue")


def template_text(template: Template, comment: str) -> str:
    """Write the template as YAML, under a comment."""
    head = "".join(f"# {line}\n" for line in comment.splitlines())
    text: str = yaml.dump(template, Dumper=_Dumper, sort_keys=False, width=_NO_FOLDING, allow_unicode=True)
    return head + text


_NO_FOLDING = 100_000
_LINE = 120
"""Characters up to which a list, or an item that holds one, stands on one line."""
_LONG_LINE = 400
"""The same for an item of texts alone: a column and its comment."""


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # yaml comes without types
    """Writes as a person would: texts of several lines as blocks, what is short on one line, tags before plain texts, nothing by reference."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:  # those of yaml's own
        super().__init__(*arguments, **settings)
        self._analyses = dict[str, Any]()  # of texts, each of which most templates hold many times

    def analyze_scalar(self, scalar: str) -> Any:  # yaml's own analysis
        """Look at each text once, for it takes longer than to write it."""
        if scalar not in self._analyses:
            self._analyses[scalar] = super().analyze_scalar(scalar)
        return self._analyses[scalar]

    def ignore_aliases(self, data: Any) -> bool:  # any value
        """Write a value twice that occurs twice."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists below their key."""
        super().increase_indent(flow, False)

    def choose_scalar_style(self) -> str:
        """Leave the quotes off a tagged text where an untagged one would need none."""
        if self.event.tag and self.event.tag.startswith("!") and self.event.value:
            self.analysis = self.analyze_scalar(self.event.value)
            plain = self.analysis.allow_flow_plain if self.flow_level else self.analysis.allow_block_plain
            if plain and not self.analysis.multiline:
                return ""
        style: str = super().choose_scalar_style()
        return style

    def write_plain(self, text: str, split: bool = True) -> None:
        """Write a text at once: it has one line, and no line is folded."""
        if text:
            self.write_indicator(text, True)


def _write_list(dumper: _Dumper, values: list[Any]) -> yaml.Node:  # parts of a template
    node = dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=False)
    for item in node.value:
        if isinstance(item, yaml.MappingNode):
            parts = [part for pair in item.value for part in pair]
            nested = any(isinstance(part, yaml.SequenceNode) for part in parts)
            item.flow_style = _is_flat(parts, _LINE if nested else _LONG_LINE)
    node.flow_style = bool(node.value) and _is_flat(node.value, _LINE)
    return node


def _write_dict(dumper: _Dumper, values: dict[str, Any]) -> yaml.Node:  # parts of a template
    return dumper.represent_mapping("tag:yaml.org,2002:map", values, flow_style=False)


def _write_tagged(dumper: _Dumper, value: Tagged) -> yaml.Node:
    if isinstance(value.argument, str):
        return dumper.represent_scalar(f"!{value.name}", value.argument)
    node = _write_list(dumper, value.argument)
    node.tag = f"!{value.name}"
    return node


def _write_text(dumper: _Dumper, value: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


def _is_flat(nodes: list[yaml.Node], limit: int) -> bool:
    """Return True if these are texts, or short tagged lists of texts, that fit on a line together."""
    flat = all(isinstance(node, yaml.ScalarNode) or (isinstance(node, yaml.SequenceNode) and node.flow_style) for node in nodes)
    return flat and sum(map(_length, nodes)) < limit and not any("\n" in str(node.value) for node in nodes)


def _length(node: yaml.Node) -> int:
    inner = sum(map(_length, node.value)) if isinstance(node, yaml.SequenceNode) else len(node.value)
    return inner + 2 + (len(node.tag) if node.tag.startswith("!") else 0)


_Dumper.add_representer(Tagged, _write_tagged)
_Dumper.add_representer(list, _write_list)
_Dumper.add_representer(dict, _write_dict)
_Dumper.add_representer(str, _write_text)


def read_template(text: str) -> Template:
    """Read a template from its text, with intrinsic functions in their long form: `{"Ref": "Name"}`, `{"Fn::Sub": "..."}`."""
    template: Template = yaml.load(text, Loader=_Loader)
    return template


def statements(part: Any) -> list[Template]:  # any part of a template that was read
    """Return every statement of every policy in a part of a template, those under a condition too."""
    if isinstance(part, dict):
        own = [part] if "Effect" in part else []
        return own + [statement for inner in part.values() for statement in statements(inner)]
    if isinstance(part, list):
        return [statement for inner in part for statement in statements(inner)]
    return []


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # yaml comes without types
    """Reads the short forms of intrinsic functions, with libyaml where PyYAML was built with it: it is much faster."""


def _read_tagged(loader: _Loader, suffix: str, node: yaml.Node) -> Any:  # any part of a template
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix in {"Ref", "Condition"}:
        return {suffix: value}
    return {f"Fn::{suffix}": value.split(".", 1) if suffix == "GetAtt" else value}


_Loader.add_multi_constructor("!", _read_tagged)
