"""A statement of Athena as Trino runs it: its kind, UNLOAD and CTAS, codecs, parameters.

UNLOAD becomes a CTAS into a passing table whose objects stay. Like Athena's it refuses a location with objects in it, sorts each file only
and may write several.
https://docs.aws.amazon.com/athena/latest/ug/unload.html and ctas-examples.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from aws.emulator.settings import TRINO_CATALOG

UNLOAD = re.compile(r"UNLOAD\s*\((?P<select>.*)\)\s*TO\s*'(?P<location>[^']+)'\s*WITH\s*\((?P<properties>.*)\)", re.DOTALL | re.IGNORECASE)
CTAS = re.compile(r"CREATE\s+TABLE\s.*?\bAS\b", re.DOTALL | re.IGNORECASE)
HIVE_DDL = re.compile(
    r"(CREATE\s+EXTERNAL|ALTER|MSCK|SHOW\s+(PARTITIONS|TBLPROPERTIES)|(CREATE|DROP)\s+(DATABASE|SCHEMA)|OPTIMIZE|VACUUM)\s", re.IGNORECASE
)
ONE_CODEC = r"(?:write_compression|parquet_compression|compression)\s*=\s*'(\w+)'"
CODEC = re.compile(rf",\s*{ONE_CODEC}|\b{ONE_CODEC}\s*,?", re.IGNORECASE)
CATALOG = re.compile(r"""('(?:[^']|'')*')|"?\bawsdatacatalog\b"?(?=\s*\.)""", re.IGNORECASE)
"""A text, which stays, or Athena's name for its catalog."""

DML = ("SELECT", "VALUES", "TABLE", "INSERT", "UNLOAD")


@dataclass(frozen=True)
class Statement:
    """sql: for Trino. kind: Athena's SubstatementType. unload_table: the passing table of an UNLOAD. session: Trino's properties.

    unloads_to: the address below which an UNLOAD writes.
    """

    sql: str
    kind: str
    unload_table: str | None = None
    names_its_location: bool = False
    session: dict[str, str] = field(default_factory=dict)
    unloads_to: str | None = None

    @property
    def type(self) -> str:
        """Athena's StatementType."""
        if self.kind in DML:
            return "DML"
        return "DDL" if self.kind.startswith(("CREATE", "DROP")) else "UTILITY"

    def with_parameters(self, values: list[str]) -> Statement:
        """The statement with values, SQL literals, for its `?`."""
        if not values:
            return self
        return replace(self, sql="EXECUTE IMMEDIATE '" + self.sql.replace("'", "''") + "' USING " + ", ".join(values))


def is_hive_ddl(sql: str) -> bool:
    """Whether a statement is Hive's, which Trino does not run."""
    return HIVE_DDL.match(sql) is not None


def translated(sql: str, query_id: str) -> Statement:
    """Athena's statement as Trino takes it. query_id: names the passing table of an UNLOAD."""
    unload, ctas = UNLOAD.fullmatch(sql), CTAS.match(sql)
    if unload:
        table = f"unload_{query_id.replace('-', '')}"
        head = f"CREATE TABLE {table} WITH (external_location='{unload['location']}', {unload['properties']}) AS "
        return Statement(trino_sql(head, unload["select"]), "UNLOAD", table, session=writing(head), unloads_to=unload["location"])
    if ctas:
        head = ctas[0]
        located = re.search(r"\bexternal_location\b", head, re.IGNORECASE) is not None
        return Statement(trino_sql(head, sql[ctas.end() :]), "CREATE_TABLE_AS_SELECT", None, located, writing(head))
    kind = sql.lstrip("( \n\t").split(None, 1)[0].upper().replace("WITH", "SELECT") if sql else ""
    return Statement(trino_sql("", sql), kind, session={"skip_redundant_sort": "false"})


def trino_sql(head: str, rest: str) -> str:
    """The statement without what Trino takes as session properties, and with Trino's name for the catalog."""
    return CATALOG.sub(lambda match: match[1] or TRINO_CATALOG, CODEC.sub("", head, count=1) + rest)


def writing(head: str) -> dict[str, str]:
    """The session properties of a statement that writes: its codec, GZIP unless it names one."""
    codec = CODEC.search(head)
    return {"skip_redundant_sort": "false", f"{TRINO_CATALOG}.compression_codec": (codec[1] or codec[2]).upper() if codec else "GZIP"}
