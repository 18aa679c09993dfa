"""A pattern as DuckDB is to be asked with it: of a literal the plan that was made, of a column the check when it is met.

Where only some texts make a difference (a line feed at the end, letters outside ASCII), those texts are refused.
"""

from __future__ import annotations

from eventlake.dialect.binding import InvalidArgumentError, Value, refused
from eventlake.dialect.failures import refusal
from eventlake.dialect.functions import letters
from eventlake.dialect.functions.regex_plans import WHOLE, Asked, plan
from eventlake.dialect.functions.regex_reader import read
from eventlake.dialect.functions.regex_tree import Either, Group, Mark, Node, Repeat, Sequence, inner, may_be_empty, walked
from eventlake.dialect.functions.regex_writing import (
    Writer,
    differs_in_mixed_words,
    differs_outside_ascii,
    folds_otherwise,
    looks_for_line_end,
    several_for_one,
)
from eventlake.dialect.sql import Sql, emit, joined, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.text.syntax import position


class Pattern:
    """A pattern that both engines read alike, but for the texts that `guarded` refuses.

    asked: what is wanted of it. sql: RE2's pattern.
    """

    def __init__(self, value: Value, node: exp.Expr, asked: Asked = "all") -> None:
        self.node = node
        self.given = value.literal if isinstance(value.literal, str) else ""
        self.is_literal = isinstance(value.literal, str) or value.type.name == "unknown" or value.is_null
        self.sql = value.sql
        self.groups: dict[int, list[int]] = {}
        if isinstance(value.literal, str):
            self.tree = read(value.literal, node)
            self.plan = plan(self.tree, asked, value.literal, node)
            writer = Writer()
            self.written = writer.write(self.plan.root)
            self.groups = writer.groups
            self.sql = text(self.written)
            if folds_otherwise(self.plan.nodes):
                raise refused(f"The pattern '{self.given}' without regard to case on letters that Trino folds otherwise", node)

    def on(self, value: Value) -> Sql:
        """Make SQL of the pattern for this text."""
        return self.sql if self.is_literal else emit("el_regex({}, {})", self.sql, value)

    def guarded(self, found: Sql, value: Value) -> Sql:
        """Make SQL of what was found, but a refusal for texts on which Java and RE2 differ."""
        whens = joined(" ", [emit("WHEN {} THEN {}", condition, refusal(what, value.sql)) for condition, what in self._checks(value)])
        return emit("(CASE {} ELSE {} END)", whens, found) if whens else found

    def _checks(self, value: Value) -> list[tuple[Sql, str]]:
        if not self.given:
            return []
        checks, nodes = [], self.plan.nodes
        if looks_for_line_end(nodes):
            checks.append((emit("ends_with({}, chr(10))", value), "A pattern with $ or (?m) on text that ends with a line feed: "))
        if differs_outside_ascii(nodes):
            checks.append((emit("length({0}) <> strlen({0})", value), r"A pattern with \b or a named class on text outside ASCII: "))
        elif differs_in_mixed_words(nodes):
            mixed = text(r"[0-9A-Za-z_][^\x00-\x7f]|[^\x00-\x7f][0-9A-Za-z_]")
            checks.append((emit("regexp_matches({}, {})", value, mixed), r"A pattern with \b on words of letters in and outside ASCII: "))
        if several := several_for_one(nodes):
            folds = text(f"[{letters.written(several)}]")
            checks.append((emit("regexp_matches({}, {})", value, folds), "A pattern without regard to case on such letters: "))
        return checks

    def where(self, found: Sql, value: Value, otherwise: Sql) -> Sql:
        """Make SQL of what was found where the text as a whole is as the pattern looks ahead for, else of something else."""
        if not self.given or not self.plan.conditions:
            return found
        wanted = [
            emit("regexp_matches({}, {})" if is_wanted else "NOT regexp_matches({}, {})", value, text(Writer().write(node)))
            for node, is_wanted in self.plan.conditions
        ]
        return emit("(CASE WHEN {0} IS NULL THEN NULL WHEN {1} THEN {2} ELSE {3} END)", value, joined(" AND ", wanted), found, otherwise)

    def group(self, values: list[Value]) -> int:
        """Return the group that the third argument names. Raises InvalidArgumentError if there is none."""
        if len(values) < 3 or values[0].is_null:  # Trino looks for a group in a match only
            return 0
        number = values[2].literal
        if not isinstance(number, int):
            raise refused("A group that is not a literal", self.node)
        if number and not self.given and not self.is_literal:
            raise refused("A group of a pattern that is not a literal", self.node)
        if self.is_literal and not 0 <= number <= (self.tree.count if self.given else 0):
            raise InvalidArgumentError(f"The pattern has no group {number}{position(self.node)}.")
        return number

    def places(self, group: int) -> list[int]:
        """Return the groups of RE2 that a group became. Raises QueryRefusedError for one that is only looked at."""
        if group and group not in self.groups:
            raise refused(f"A group that is only looked at, in the pattern '{self.given}'", self.node)
        return self.groups.get(group, [0])

    def place(self, group: int) -> int:
        """Return the one group of RE2 that a group became."""
        places = self.places(group)
        if len(places) > 1:
            raise refused(f"A group with a back reference in the pattern '{self.given}'", self.node)
        return places[0]

    def participating(self, sql: Sql, group: int) -> Sql:
        """Make SQL of a group's text, NULL where it took no part in the match; RE2 has '' there."""
        if not group or not self._is_left_out(self.tree.root, group, False):
            return sql
        body = next(part.body for part in walked(self.tree.root) if isinstance(part, Group) and part.number == group)
        if may_be_empty(body):
            raise refused(f"A group that need not match and may be empty, in the pattern '{self.given}'", self.node)
        return emit("nullif({}, '')", sql)

    def _is_left_out(self, node: Node, group: int, optional: bool) -> bool:
        """Tell whether there is a match in which the group takes no part."""
        if isinstance(node, Group) and node.number == group:
            return optional
        within = optional or isinstance(node, Either) or (isinstance(node, Repeat) and not node.low)
        return any(self._is_left_out(part, group, within) for part in inner(node))

    @property
    def may_be_empty(self) -> bool:
        """Tell whether it may match without taking a letter."""
        return not self.given or may_be_empty(self.plan.root)

    def takes_letters(self, group: int) -> bool:
        """Tell whether what a group takes is never empty, so that RE2's empty text means that there is nothing of it."""
        if not self.given or WHOLE in self.groups or len(self.places(group)) > 1:
            return False
        if not group:
            return not self.may_be_empty
        return not may_be_empty(next(part.body for part in walked(self.tree.root) if isinstance(part, Group) and part.number == group))

    @property
    def is_anchored(self) -> bool:
        """Tell whether it matches at the beginning of the text only."""
        parts = self.plan.root.parts if self.given and isinstance(self.plan.root, Sequence) else (self.plan.root,) if self.given else ()
        return bool(parts) and isinstance(parts[0], Mark) and parts[0].kind == "^"

    @property
    def has_context(self) -> bool:
        """Tell whether what stands around a place decides too: ^, $ and \\b."""
        return bool(self.given) and any(isinstance(part, Mark) for part in walked(self.plan.root))

    @property
    def is_one_place(self) -> bool:
        """Tell whether it is an end, or an end of a line or a word, and nothing else."""
        return bool(self.given) and isinstance(self.plan.root, Mark) and self.plan.root.kind in {"$", "b", "m^", "m$"}

    def spots(self, value: Value) -> Sql | None:
        """Make SQL of all places in the text, from 1, that a pattern of looks alone matches at; None for another pattern."""
        if not self.given or not self.plan.spots:
            return None
        conditions = []
        for look in self.plan.spots:
            body = Writer().write(look.body)
            pattern = text(f"(?:{body})\\z" if look.behind else f"\\A(?:{body})")
            seen = emit("substring({}, 1, el_i - 1)" if look.behind else "substring({}, el_i)", value)
            conditions.append(emit("NOT regexp_matches({}, {})" if look.negative else "regexp_matches({}, {})", seen, pattern))
        return emit("list_filter(range(1, length({}) + 2), lambda el_i: {})", value, joined(" AND ", conditions))

    def require_bare(self, what: str) -> None:
        """Refuse a pattern around whose matches something is looked at."""
        if WHOLE in self.groups or (self.given and (self.plan.conditions or self.plan.spots)):
            raise refused(f"Look-ahead or look-behind in the pattern '{self.given}' in {what}", self.node)
