"""A field of an event -> the kinds of personal data it seems to hold, from its key and its value.

Called by `draft`, which marks such columns, so that whoever declares a source decides about them. A mark is a hint, not a finding: what
has neither a telling key nor a telling value is not seen.
"""

from __future__ import annotations

import ipaddress
import itertools
import re
from typing import Any

E_MAIL, IP, NAME, PHONE, USER = "e-mail address", "IP address", "name", "phone number", "user id"

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:(iam|sts)::\d*:(user|assumed-role|federated-user)/\S+")
_PEOPLE = frozenset({"actor", "author", "committer", "contact", "customer", "identity", "member", "owner", "person", "principal", "user"})
_OF_A_NAME = _PEOPLE | {"display", "family", "first", "full", "given", "last", "middle", "nick"}
_ALONE = {"username": NAME, "nickname": NAME, "surname": NAME, "initiator": USER, "userid": USER, "actor": USER, "author": NAME}


def personal_data(key: str, value: Any) -> set[str]:  # any JSON value
    """Return the kinds of personal data in a field; of an object or array those of everything inside."""
    if isinstance(value, dict):
        return set().union(*(personal_data(inner_key, inner) for inner_key, inner in value.items()))
    if isinstance(value, list):
        return set().union(*(personal_data(key, inner) for inner in value))
    if value is None or isinstance(value, bool) or value == "":
        return set()
    return _by_value(str(value)) or _by_key([word.lower() for word in _WORDS.findall(key)])


def _by_value(value: str) -> set[str]:
    if _ADDRESS.fullmatch(value):
        return {E_MAIL}
    if _PRINCIPAL.fullmatch(value):
        return {USER}
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return set()
    return {IP}


def _by_key(words: list[str]) -> set[str]:
    found = {kind for kind, telling in ((E_MAIL, {"email", "mail"}), (IP, {"ip"}), (PHONE, {"phone", "telephone"})) if telling & set(words)}
    pairs = set(itertools.pairwise(words))
    if any((word, "name") in pairs for word in _OF_A_NAME):
        found.add(NAME)
    if any((word, "id") in pairs for word in _PEOPLE):
        found.add(USER)
    return found or ({_ALONE["".join(words)]} if "".join(words) in _ALONE else set())
