"""JSON_EXISTS, JSON_VALUE and JSON_QUERY with their paths, JSON_OBJECT and JSON_ARRAY.

A path gives a sequence of items: in DuckDB a list of their JSON texts, or NULL where the path fails.
https://trino.io/docs/current/functions/json.html
"""

from __future__ import annotations

from collections.abc import Sequence

from eventlake.dialect.binding import Value, derived, mistyped, refused
from eventlake.dialect.failures import lasting_failure, refusal
from eventlake.dialect.functions.function import Function as F
from eventlake.dialect.functions.function import Syntactic
from eventlake.dialect.functions.sql_json_path import Arithmetic, Current, JsonPath, Last, Path, Predicate, Root, Scalar, Step, read_path
from eventlake.dialect.parts import Parts
from eventlake.dialect.sql import Sql, emit, joined, ours, text
from eventlake.dialect.text import tree as exp
from eventlake.dialect.text.tree import Member, SqlJson
from eventlake.dialect.types.casts import cast, coerce
from eventlake.dialect.types.datatypes import datatype
from eventlake.dialect.types.java import SMALL_MAP, hashed
from eventlake.dialect.types.json_casts import json_to, to_json
from eventlake.dialect.types.literals import json_text
from eventlake.dialect.types.type import BOOLEAN, JSON, VARCHAR, Type, common


class _Sequences:
    """SQL of the sequence that each part of a path gives."""

    def __init__(self, path: JsonPath) -> None:
        self.lax = path.lax
        self.sql = self.of(path.path, ours("el_root"))

    def of(self, path: Path, item: Sql) -> Sql:
        """Make SQL of a path's sequence; `item` is what @ stands for."""
        match path:
            case Root():
                return emit("[el_root]")
            case Current():
                return emit("[{}]", item)
            case Scalar(written):
                return emit("[{}]", text(written))
            case Arithmetic(sign, None, right):
                return emit("el_sj_negative({}, {})", self.unwrapped(right, item), text(sign))
            case Arithmetic(sign, left, right) if left is not None:
                name = {"+": "sum", "-": "difference", "*": "product", "/": "quotient", "%": "rest"}[sign]
                return emit("{}({}, {})", ours(f"el_sj_{name}"), self.unwrapped(left, item), self.unwrapped(right, item))
            case Step():
                return self.step(path, item)
        raise AssertionError(path)

    def unwrapped(self, path: Path, item: Sql) -> Sql:
        """Make SQL of a path's sequence in which, in lax mode, arrays are replaced by their elements."""
        sql = self.of(path, item)
        return emit("el_sj_unwrapped({})", sql) if self.lax and not isinstance(path, Scalar) else sql

    def step(self, step: Step, item: Sql) -> Sql:
        match step.kind, step.argument:
            case "member", str(name):
                return emit(
                    "el_sj_member({}, {})" if self.lax else "el_sj_strict_member({}, {})", self.unwrapped(step.base, item), text(name)
                )
            case "members", _:
                return emit("el_sj_members({})" if self.lax else "el_sj_strict_members({})", self.unwrapped(step.base, item))
            case "elements", _:
                return self.unwrapped(step.base, item) if self.lax else emit("el_sj_strict_elements({})", self.of(step.base, item))
            case "subscripts", tuple(ranges):
                return self.subscripts(self.of(step.base, item), ranges)
            case "method", str("size"):
                return emit("el_sj_size({})" if self.lax else "el_sj_strict_size({})", self.of(step.base, item))
            case "method", str("type"):
                return emit("el_sj_type({})", self.of(step.base, item))
            case "method", str(name):
                return emit("{}({})", ours(f"el_sj_{name}"), self.unwrapped(step.base, item))
            case "filter", Predicate() as predicate:
                inner = emit("{}_i", item)
                kept = self.holds(predicate, inner)
                return emit("list_filter({}, lambda {}: coalesce({}, false))", self.unwrapped(step.base, item), inner, kept)
        raise AssertionError(step)

    def subscripts(self, base: Sql, ranges: Sequence[tuple[int | Last, int | Last]]) -> Sql:
        slice_of = "el_sj_slice({}, {}, {})" if self.lax else "el_sj_strict_slice({}, {}, {})"
        if len(ranges) == 1:
            return emit(slice_of, base, _bound(ranges[0][0]), _bound(ranges[0][1]))
        if not self.lax:
            raise refused("Several subscripts in a strict path", None, "take them one by one")
        inner = [emit(slice_of, ours("[el_a]"), _bound(low), _bound(high)) for low, high in ranges]
        return emit("flatten(list_transform({}, lambda el_a: {}))", base, _concatenated(inner))

    def holds(self, predicate: Predicate, item: Sql) -> Sql:
        """Make SQL of a condition: true, false, or NULL where it cannot be told."""
        parts = predicate.parts
        match predicate.sign:
            case "&&" | "||" as sign:
                word = {"&&": " AND ", "||": " OR "}[sign]
                return emit("({})", joined(word, [self.holds(part, item) for part in parts if isinstance(part, Predicate)]))
            case "!":
                assert isinstance(parts[0], Predicate)
                return emit("(NOT {})", self.holds(parts[0], item))
            case "is unknown":
                assert isinstance(parts[0], Predicate)
                return emit("({} IS NULL)", self.holds(parts[0], item))
        paths = [part for part in parts if not isinstance(part, Predicate)]
        if predicate.sign == "exists":
            return emit("(len({}) > 0)", self.of(paths[0], item))
        left, right = (self.unwrapped(path, item) for path in paths)
        results = emit("list_transform(el_sj_pairs({}, {}), lambda el_c: {})", left, right, ours(_COMPARISONS[predicate.sign]))
        return emit("el_sj_verdict({})", results)


_COMPARISONS = {
    "==": "el_sj_equal(el_c.a, el_c.b)",
    "!=": "(NOT el_sj_equal(el_c.a, el_c.b))",
    "<>": "(NOT el_sj_equal(el_c.a, el_c.b))",
    "<": "el_sj_less(el_c.a, el_c.b)",
    ">": "el_sj_less(el_c.b, el_c.a)",
    "<=": "(el_sj_less(el_c.a, el_c.b) OR el_sj_equal(el_c.a, el_c.b))",
    ">=": "(el_sj_less(el_c.b, el_c.a) OR el_sj_equal(el_c.a, el_c.b))",
    "starts with": "el_sj_starts(el_c.a, el_c.b)",
}


def _bound(bound: int | Last) -> Sql:
    return emit("{}", bound) if isinstance(bound, int) else emit("(-1 - {})", bound.less)


def _concatenated(parts: Sequence[Sql]) -> Sql:
    sql = parts[0]
    for part in parts[1:]:
        sql = emit("list_concat({}, {})", sql, part)
    return sql


# asking


def _asked(parts: Parts, node: SqlJson) -> tuple[Value, JsonPath]:
    """Return the text and the path of a call. Raises QueryError where they are of another kind."""
    source, written = parts.value(node.this), parts.value(node.args["path"])
    if source.type.name not in {"varchar", "unknown"}:
        raise refused(f"{node.name}() of {source.type}", node, "give it text")
    if not isinstance(written.literal, str):
        raise mistyped(f"The path of {node.name}() is a literal", node)
    return coerce(source, VARCHAR), read_path(written.literal, node)


def _answered(source: Value, kind: Type, path: JsonPath, body: Sql, on_error: Sql, others: Sequence[Value] = ()) -> Value:
    """Make the value that a call gives for a text: NULL for NULL, `on_error` for what is no JSON, else `body`, SQL over the path's sequence `el_q`.

    In an empty text Trino finds no member, as in a JSON null; for other paths it is now null, now nothing, and refused.
    """
    s = source.sql
    whole = emit("CASE WHEN el_json_valid({}) THEN {} END", s, s)
    if not _begins_with_member(path.path):
        empty = refusal("A path of SQL/JSON that begins with no member, in an empty text,")
    else:
        empty = emit("list_transform([CAST([] AS VARCHAR[])], lambda el_q: {})[1]", body) if path.lax else on_error
    on_error = emit(r"CASE WHEN regexp_matches({}, '^\s*$') THEN {} ELSE {} END", s, empty, on_error)
    found = emit("list_transform([{}], lambda el_root: list_transform([{}], lambda el_q: {})[1])[1]", whole, _Sequences(path).sql, body)
    sql = emit("(CASE WHEN {0} IS NULL THEN NULL WHEN NOT el_json_valid({0}) THEN {1} ELSE {2} END)", s, on_error, found)
    return derived(sql, kind, [source, *others])


def _begins_with_member(path: Path) -> bool:
    """Tell whether a path takes a member of the whole first."""
    while isinstance(path, Step):
        if isinstance(path.base, Root):
            return path.kind == "member"
        path = path.base
    return False


def _exists(parts: Parts, node: exp.Expr) -> Value:
    assert isinstance(node, SqlJson)
    source, path = _asked(parts, node)
    ways = {"": "false", "FALSE": "false", "TRUE": "true", "UNKNOWN": "CAST(NULL AS BOOLEAN)"}
    wrong = _fails(node) if node.on("ERROR") == "ERROR" else ours(ways[node.on("ERROR")])
    return _answered(source, BOOLEAN, path, emit("CASE WHEN el_q IS NULL THEN {} ELSE len(el_q) > 0 END", wrong), wrong)


def _fails(node: SqlJson) -> Sql:
    return lasting_failure(f"{node.name}() meets no JSON, or what its path does not allow")


def _value(parts: Parts, node: exp.Expr) -> Value:
    assert isinstance(node, SqlJson)
    source, path = _asked(parts, node)
    returning = node.args.get("returning")
    kind = datatype(returning) if isinstance(returning, exp.DataType) else VARCHAR
    defaults: list[Value] = []
    empty, wrong = (_instead(parts, node, event, kind, defaults) for event in ("EMPTY", "ERROR"))
    scalar = emit(
        "CASE coalesce(json_type(el_q[1]), 'NULL') WHEN 'NULL' THEN NULL WHEN 'OBJECT' THEN {0} WHEN 'ARRAY' THEN {0} "
        "ELSE CASE WHEN el_sj_is_huge(el_q[1]) THEN {0} ELSE coalesce(TRY({1}), {0}) END END",
        wrong,
        _converted(Value(ours("el_q[1]"), JSON), kind, node),
    )
    body = emit("CASE WHEN len(el_q) = 1 THEN {} WHEN len(el_q) = 0 THEN {} ELSE {} END", scalar, empty, wrong)
    return _answered(source, kind, path, body, wrong, defaults)


def _instead(parts: Parts, node: SqlJson, event: str, kind: Type, defaults: list[Value]) -> Sql:
    """Make SQL of what JSON_VALUE gives ON EMPTY or ON ERROR."""
    given = node.on(event)
    if given == "ERROR":
        return _fails(node)
    if given != "DEFAULT":
        return emit("CAST(NULL AS {})", kind.duckdb)
    default = parts.value(node.args[f"default_{event.lower()}"])
    both = common(default.type, kind)
    if both is None or str(both) != str(kind):
        raise mistyped(f"The default of JSON_VALUE ON {event} is a {default.type}, where it returns a {kind}: cast it", node)
    defaults.append(default)
    return coerce(default, kind).sql


def _converted(item: Value, kind: Type, node: exp.Expr) -> Sql:
    """Convert a JSON scalar to the type that JSON_VALUE returns."""
    if kind.name in {"varchar", "char"} and kind.numbers:
        return _in_length(item, kind, node)
    if kind.name in {"date", "timestamp", "time"}:
        return cast(Value(emit("(CASE WHEN json_type({0}) = 'VARCHAR' THEN {0} ->> '$' END)", item), VARCHAR), kind, node).sql
    if kind.name not in {"varchar", "bigint", "integer", "smallint", "tinyint", "double", "real", "boolean", "decimal"}:
        raise refused(f"JSON_VALUE with RETURNING {kind}", node, "cast its text")
    return json_to(item, kind, node)


def _in_length(item: Value, kind: Type, node: exp.Expr) -> Sql:
    """Convert a JSON scalar to a text of some length, to which a text is cut; a number or a boolean that does not fit is an error."""
    cut = cast(Value(emit("({} ->> '$')", item), VARCHAR), kind, node).sql
    if kind.name == "char":
        return emit("CASE WHEN json_type({}) = 'VARCHAR' THEN {} END", item, cut)
    whole, most = json_to(item, VARCHAR, node), kind.numbers[0]
    wrong = lasting_failure(f"A JSON boolean does not fit into {kind}")
    others = emit("CASE WHEN length({0}) <= {1} THEN {0} WHEN json_type({2}) = 'BOOLEAN' THEN {3} END", whole, most, item, wrong)
    return emit("CASE WHEN json_type({}) = 'VARCHAR' THEN {} ELSE {} END", item, cut, others)


def _query(parts: Parts, node: exp.Expr) -> Value:
    assert isinstance(node, SqlJson)
    source, path = _asked(parts, node)
    nothing = emit("CAST(NULL AS VARCHAR)")
    ways = {"": nothing, "NULL": nothing, "ERROR": _fails(node), "ARRAY": text("[]"), "OBJECT": text("{}")}
    empty, wrong = ways[node.on("EMPTY")], ways[node.on("ERROR")]
    single = emit("el_sj_text(el_q[1])")
    if node.args.get("quotes") == "OMIT":
        if node.args.get("wrapper") == "UNCONDITIONAL":
            raise mistyped("JSON_QUERY takes no OMIT QUOTES beside a wrapper", node)
        single = emit("(CASE WHEN json_type(el_q[1]) = 'VARCHAR' THEN el_q[1] ->> '$' ELSE {} END)", single)
    listed = emit("'[' || array_to_string(list_transform(el_q, lambda el_x: el_sj_text(el_x)), ',') || ']'")
    body = {
        "": emit("CASE WHEN len(el_q) = 0 THEN {} WHEN len(el_q) = 1 THEN {} ELSE {} END", empty, single, wrong),
        "UNCONDITIONAL": emit("CASE WHEN len(el_q) = 0 THEN {} WHEN el_q IS NULL THEN {} ELSE {} END", empty, wrong, listed),
        "CONDITIONAL": emit(
            "CASE WHEN len(el_q) = 0 THEN {} WHEN el_q IS NULL THEN {} "
            "WHEN len(el_q) = 1 AND json_type(el_q[1]) IN ('ARRAY', 'OBJECT') THEN {} ELSE {} END",
            empty,
            wrong,
            single,
            listed,
        ),
    }[node.args.get("wrapper") or ""]
    return _answered(source, VARCHAR, path, body, wrong)


# making


def _made(parts: Parts, value: exp.Expr, name: str, *, formatted: bool) -> tuple[Value, Sql]:
    """Return a value and SQL of its JSON text, NULL for NULL."""
    found = parts.value(value)
    if formatted or _gives_json(value):
        if found.type.name != "varchar":
            raise mistyped(f"FORMAT JSON stands behind text, not {found.type}", value)
        return found, emit("el_json_given({})", found.sql)
    if found.type.name == "unknown":
        return found, emit("CAST(NULL AS VARCHAR)")
    if found.type.name in {"array", "map", "row"}:
        raise mistyped(f"{name}() takes no {found.type}: cast it to json, and that with json_format(...) FORMAT JSON", value)
    if found.type.name in {"json", "varbinary", "uuid", "ipaddress"}:
        raise refused(f"{found.type} in {name}()", value, "write FORMAT JSON behind text that is JSON")
    if found.type.is_number or found.type.name == "boolean":
        return found, to_json(found, value)
    return found, to_json(cast(found, VARCHAR, value), value)


def _gives_json(node: exp.Expr) -> bool:
    """Return True for a call whose text is JSON to the call around it, without FORMAT JSON."""
    while isinstance(node, exp.Paren):
        node = node.this
    return isinstance(node, SqlJson) and node.name in {"json_object", "json_array", "json_query"}


def _object(parts: Parts, node: exp.Expr) -> Value:
    assert isinstance(node, SqlJson)
    values, members = [], {}
    for member in node.expressions:
        assert isinstance(member, Member)
        key = parts.value(member.this)
        if not isinstance(key.literal, str):
            raise refused("A key of JSON_OBJECT that is not a literal", node)
        if key.literal in members:
            raise mistyped(f"JSON_OBJECT has the key '{key.literal}' twice", node)
        value, made = _made(parts, member.expression, "json_object", formatted=bool(member.args.get("formatted")))
        values.append(value)
        members[key.literal] = (json_text(key.literal), made)
    absent = node.args.get("on_null") == "ABSENT"
    pieces = []
    if absent and len(members) > SMALL_MAP:
        raise refused(f"JSON_OBJECT with ABSENT ON NULL and more than {SMALL_MAP} keys, whose order depends on the NULLs", node)
    for key_text, made in map(members.__getitem__, hashed(members)):
        pieces.append(
            emit("{} || {}", text(key_text + ":"), made) if absent else emit("{} || coalesce({}, 'null')", text(key_text + ":"), made)
        )
    return derived(_joined(pieces, "{", "}"), _text_kind(node), values)


def _array(parts: Parts, node: exp.Expr) -> Value:
    assert isinstance(node, SqlJson)
    values, pieces = [], []
    for member in node.expressions:
        assert isinstance(member, Member)
        value, made = _made(parts, member.expression, "json_array", formatted=bool(member.args.get("formatted")))
        values.append(value)
        pieces.append(emit("coalesce({}, 'null')", made) if node.args.get("on_null") == "NULL" else made)
    return derived(_joined(pieces, "[", "]"), _text_kind(node), values)


def _joined(pieces: Sequence[Sql], first: str, last: str) -> Sql:
    inside = emit("array_to_string(list_filter([{}], lambda el_x: el_x IS NOT NULL), ',')", joined(", ", pieces))
    return emit("({} || {} || {})", text(first), inside if pieces else text(""), text(last))


def _text_kind(node: SqlJson) -> Type:
    returning = node.args.get("returning")
    kind = datatype(returning) if isinstance(returning, exp.DataType) else VARCHAR
    if kind != VARCHAR:
        raise refused(f"{node.name}() with RETURNING {kind}", node, "cast its text")
    return kind


FUNCTIONS: list[F] = []

SYNTACTIC: dict[str, Syntactic] = {
    "json_exists": _exists,
    "json_value": _value,
    "json_query": _query,
    "json_object": _object,
    "json_array": _array,
}
