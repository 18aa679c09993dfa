"""The page of the dialect, docs/sql.md, from the tables of functions: what is supported, what is refused, what differs and how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from eventlake.dialect.functions.calls import SYNTACTIC, TABLES, functions
from eventlake.dialect.functions.function import Function
from eventlake.dialect.functions.refusals import REFUSED
from eventlake.dialect.functions.sql_json_path import METHODS
from eventlake.dialect.queries.aggregates import AGGREGATES
from eventlake.dialect.queries.windows import WINDOWS
from eventlake.dialect.text.syntax import MAX_NESTING, MAX_TOKENS
from eventlake.dialect.text.words import NOT_ANSWERED, NOT_ATHENA


def sql_page() -> str:
    """Write the page: Athena's functions one by one, and where answers are refused."""
    return "\n".join([*_opening(), *_supported(), *_refused(), *_differences(), *_conformance()]).rstrip() + "\n"


def _opening() -> Iterator[str]:
    yield "# SQL: what is answered, what is refused"
    yield ""
    yield "The dialect is Athena's; on one machine DuckDB answers it, with the rows that Athena would give."
    yield "Types are inferred and checked as Trino, the engine of Athena, checks them, and every function stands in a table with its meaning in DuckDB."
    yield "What stands in none is refused, never passed on."
    yield "`eventlake query --explain` shows the statement that runs."
    yield "This page derives from those tables; [Querying](querying.md) says how to ask."


# functions


def _supported() -> Iterator[str]:
    known = functions()
    for module in TABLES:
        title = (module.__doc__ or "").strip().splitlines()[0]
        names = list(dict.fromkeys([*(function.name for function in module.FUNCTIONS), *module.SYNTACTIC]))
        heading, page = _title(title)
        yield ""
        yield f"## {heading}"
        yield ""
        if page:
            yield f"Athena's: {page}"
            yield ""
        yield "| function | takes and gives |"
        yield "|---|---|"
        yield from (_line(name, known, module.FUNCTIONS) for name in names)
    yield ""
    yield "## Aggregates and window functions"
    yield ""
    yield "Aggregates, with `DISTINCT`, `ORDER BY`, `FILTER` and `OVER` where Athena has them: " + _listed([*AGGREGATES, "listagg"]) + "."
    yield ""
    yield "Window functions: " + _listed(WINDOWS) + "."
    yield "Frames in `ROWS`, `RANGE` and `GROUPS`, named windows and `IGNORE NULLS` are known."


def _title(line: str) -> tuple[str, str]:
    """Return the title of an area and the page that describes it."""
    title, _, source = line.partition(": https://")
    page = source.replace(",", " ").split()[0].rstrip(".") if source else ""
    return title.rstrip("."), f"<https://{page}>" if page else ""


def _line(name: str, known: dict[str, list[Function]], own: list[Function]) -> str:
    ways = [FORMS[name]] if name in SYNTACTIC and name in FORMS else [function.signature for function in own if function.name == name]
    shown = "; ".join(dict.fromkeys(f"`{way.replace(' ->', ' →').replace('|', chr(92) + '|').strip()}`" for way in ways))
    return f"| `{name}` | {shown} |"


FORMS: dict[str, str] = {
    "trim": "varchar, [characters] -> varchar, or TRIM(LEADING 'x' FROM varchar)",
    "ltrim": "varchar, [characters] -> varchar",
    "rtrim": "varchar, [characters] -> varchar",
    "normalize": "varchar, [NFC] -> varchar",
    "format": "pattern, T... -> varchar",
    "mod": "N, N -> N",
    "greatest": "T... -> T",
    "least": "T... -> T",
    "coalesce": "T... -> T",
    "nullif": "T, U -> T",
    "try": "T -> T",
    "typeof": "T -> varchar",
    "json_exists": "varchar, path [TRUE|FALSE|UNKNOWN|ERROR ON ERROR] -> boolean",
    "json_value": "varchar, path [RETURNING type] [NULL|ERROR|DEFAULT x ON EMPTY] [... ON ERROR] -> type",
    "json_query": "varchar, path [WITH|WITHOUT [CONDITIONAL] ARRAY WRAPPER] [KEEP|OMIT QUOTES] [NULL|ERROR|EMPTY ARRAY|EMPTY OBJECT ON EMPTY] -> varchar",
    "json_object": "[KEY] key VALUE value or key : value, ... [NULL|ABSENT ON NULL] -> varchar",
    "json_array": "value, ... [NULL|ABSENT ON NULL] -> varchar",
    "transform": "array(T), T -> U -> array(U)",
    "filter": "array(T), T -> boolean -> array(T)",
    "any_match": "array(T), T -> boolean -> boolean",
    "all_match": "array(T), T -> boolean -> boolean",
    "none_match": "array(T), T -> boolean -> boolean",
    "reduce": "array(T), S, (S, T) -> S, S -> R -> R",
    "zip_with": "array(T), array(U), (T, U) -> R -> array(R)",
    "zip": "array(T), array(U)... -> array(row(T, U, ...))",
    "row": "T, U, ... -> row(T, U, ...)",
    "map": "array(K), array(V) -> map(K, V)",
    "array_sort": "array(T), [(T, T) -> integer] -> array(T)",
    "map_zip_with": "map(K, V), map(K, W), (K, V, W) -> R -> map(K, R)",
    "transform_keys": "map(K, V), (K, V) -> L -> map(L, V)",
    "transform_values": "map(K, V), (K, V) -> W -> map(K, W)",
    "map_filter": "map(K, V), (K, V) -> boolean -> map(K, V)",
    "regexp_replace": "varchar, pattern, [replacement or lambda] -> varchar",
}
"""How functions with a grammar of their own, or lambdas, are called."""


# refusals


def _refused() -> Iterator[str]:
    yield ""
    yield "## Refused functions"
    yield ""
    by_reason: dict[str, list[str]] = {}
    for name, reason in REFUSED.items():
        by_reason.setdefault(reason, []).append(name)
    yield "| functions | why, or what to write instead |"
    yield "|---|---|"
    yield from (f"| {_listed(names)} | {reason} |" for reason, names in by_reason.items())
    yield ""
    yield "## Refused words"
    yield ""
    yield from (f"- {sentence}" for sentence in (*NOT_ATHENA.values(), *NOT_ANSWERED.values()))
    yield ""
    yield f"A statement has at most {MAX_TOKENS:,} words, and brackets {MAX_NESTING} deep."


DIFFERENCES: tuple[tuple[str, str], ...] = (
    (
        "Regular expressions",
        "Java's syntax on RE2: look-ahead, look-behind, atomic groups and back references are answered where RE2 can say the same, else refused by name.",
    ),
    ("`$`, `(?m)`", "Texts that end with a line feed are refused, because Java and RE2 differ there."),
    (r"`\b`, `[[:alpha:]]`", "Texts outside ASCII are refused."),
    ("`(?i)`", "Texts with letters that fold to several (`ß`) are refused."),
    ("Patterns in columns", "Of regular expressions the plain syntax is known; date patterns and replacements must be literals."),
    ("Timestamps", "At most 6 digits of a second; years 1 to 9999."),
    (
        "Time zones",
        "Every value keeps its zone, each row its own. Where moments in several zones count as one (`array_distinct`, `INTERSECT`, keys of a map), "
        "only the instant is left, and what a clock shows there is refused.",
    ),
    ("`TIME WITH TIME ZONE`", "Refused."),
    ("Order of rows and arrays", "Refused where one has a NULL in it; Athena fails only if it comes to compare the NULL."),
    (
        "json",
        "Kept as text. `json_parse` sorts keys; to show a nested object in which a key occurs twice, or one of more than 128 levels, is refused, "
        "to read from it is not. A cast of such a json to an array, a map or a row is refused where it comes from another query.",
    ),
    ("Malformed JSON", "NULL for `json_extract` and its kin; text out of which Athena still reads a value before the fault is refused."),
    (
        "SQL/JSON paths",
        f"`..`, variables and methods other than {', '.join(f'`{name}()`' for name in sorted(METHODS))} are refused, "
        "and so is a decimal that is not compared: `1.5e0` is a double.",
    ),
    ("`char(n)`", "Not joined with a varchar whose length is not known: cast it."),
    ("`approx_distinct`, `approx_percentile`", "Exact here; Athena's answer may differ by its error."),
    ("`format`", "`%e`, `%g`, `%h` and values with a time zone are refused."),
    ("`normalize`", "NFC only."),
    ("`typeof`", "Refused where a varchar's length is computed."),
    ("`TRY`", "A value that is refused is refused inside `TRY` too; what `TRY` makes NULL of is what fails on Athena."),
    (
        "Order",
        "Where Athena's is decided by chance or by hashing, ours may be another: of rows without `ORDER BY`, of an aggregate's without its own, "
        "of the keys in a map that `map_agg`, `histogram` or `split_to_map` makes.",
    ),
    ("`array_sort` with a comparator", "One that contradicts itself, such as one that says nothing of NULLs, is refused."),
    ("Frames and `lag`", "Their numbers must be literals."),
    ("IP addresses", "Networks written as mapped addresses (`::ffff:192.0.2.0/120`) are refused."),
)
"""Construct, and how it is answered otherwise or not at all."""


def _differences() -> Iterator[str]:
    yield ""
    yield "## Where an answer is refused"
    yield ""
    yield "Each refusal is a sentence with the construct, its line and column, and what to write instead where there is something."
    yield ""
    yield "| construct | here |"
    yield "|---|---|"
    yield from (f"| {construct} | {meaning} |" for construct, meaning in DIFFERENCES)


def _conformance() -> Iterator[str]:
    yield ""
    yield "## Conformance"
    yield ""
    yield "`eventlake conformance FIXTURE QUERIES` answers a file of SQL over tables in memory and compares with golden answers."
    yield "The project's own stand in `tests/conformance/golden`; a Trino 476 gave them, with UTC as its time zone."
    yield ""
    yield '- Fixture: `{table: {"columns": [{"name", "type"}], "rows": [[...]]}}`, as `.json` or `.json.gz`.'
    yield '- Queries: `.jsonl`, one a line, `{"name": "family: what", "sql", "ordered", "columns", "types", "rows"}` or `{"name", "sql", "error": {"name"}}`.'
    yield "- Expressions: `.tsv`, `expression TAB type TAB value` or `expression TAB ! TAB ERROR_NAME`; `# name` opens a family."
    yield ""
    yield "Values are JSON."
    yield 'A decimal is `{"decimal": "33.30"}`, a double that is no number `{"double": "NaN"}`, binary `{"hex": "6162"}`.'
    yield 'A timestamp with time zone is `{"timestamptz": "2026-11-07T15:00:00.123Z"}`, a map `{"map": [[key, value]]}`, a row a list.'
    yield "All else that is no number is text."
    yield ""
    yield "| verdict | meaning |"
    yield "|---|---|"
    yield from (f"| {verdict} | {meaning} |" for verdict, meaning in VERDICTS)


VERDICTS = (
    ("right", "The golden rows, or an error where Athena gives one."),
    ("refused", "No answer; the sentence names what cannot be answered."),
    ("failed", "Another error where Athena gives rows."),
    ("wrong", "Other rows."),
    ("misnamed", "The golden rows, and other names of columns."),
    ("lenient", "Rows, where a type, a name or the grammar makes Athena refuse."),
    ("lenient-by-data", "Rows, where Athena fails on the data."),
)
"""What `eventlake conformance` says of each case."""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
