"""The ways in which a property of CloudFormation becomes part of a Terraform resource.

A plain text is the name of the argument that takes the property as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON document, which Terraform takes as text."""

    name: str


@dataclass(frozen=True, slots=True)
class Many:
    """One value, where Terraform takes a list."""

    name: str


@dataclass(frozen=True, slots=True)
class Pairs:
    """A list of names and values, which Terraform takes as a map."""

    name: str
    key: str = "Name"
    of: str = "Value"


@dataclass(frozen=True, slots=True)
class Block:
    """An object, or a list of objects, as blocks. constants: arguments that CloudFormation has no word for."""

    name: str
    arguments: Arguments
    constants: Mapping[str, Any] = field(default_factory=dict)  # parts of a module


@dataclass(frozen=True, slots=True)
class Inline:
    """An object whose members are arguments of what it stands in."""

    arguments: Arguments


@dataclass(frozen=True, slots=True)
class Inside:
    """A value that Terraform takes one block deeper."""

    block: str
    name: str


@dataclass(frozen=True, slots=True)
class Only:
    """A value that goes without saying in Terraform; any other is refused."""

    value: object


@dataclass(frozen=True, slots=True)
class Apart:
    """An object, or each of a list, that is a resource of its own.

    type: of that resource. links: its arguments that name the one it belongs to, and the attributes of that which they take.
    arguments: of its properties; those of a list of references have one, "Ref". suffix: the property whose value tells those of a list apart.
    before: whether what refers to the resource waits for these too. after: the one of them that these wait for.
    """

    type: str
    links: Mapping[str, str]
    arguments: Arguments
    suffix: str = ""
    before: bool = False
    after: str = ""


Arguments = Mapping[str, "Argument"]
"""Properties, and what they become."""

Argument = str | Document | Many | Pairs | Block | Inline | Inside | Only | Apart


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of resource. type: Terraform's. value: the attribute that a reference to it means. attributes: what templates may ask of it.

    constants: arguments that CloudFormation has no word for. unnamed: the argument and the longest text that a name may begin with where the template
    gives none, as CloudFormation would. repeated: the property for whose every item there is one such resource, which takes it in that argument.
    """

    type: str
    value: str
    arguments: Arguments
    attributes: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)  # parts of a module
    unnamed: tuple[str, int] | None = None
    repeated: tuple[str, str] | None = None
