"""SHOW and DESCRIBE, as Athena's DDL has them: names that need quotes stand in backticks, patterns in quotes.

https://docs.aws.amazon.com/athena/latest/ug/language-reference.html
"""

from __future__ import annotations

from typing import NoReturn

from eventlake.dialect.text import tree
from eventlake.dialect.text.lexicon import BACKQUOTED, QUOTED, TEXT, WORD, Token
from eventlake.dialect.text.parsing.cursor import place
from eventlake.dialect.text.parsing.queries import Queries
from eventlake.errors import QueryRefusedError

_LISTED = "TABLES, VIEWS, DATABASES, COLUMNS, PARTITIONS, CREATE TABLE or TBLPROPERTIES"
_REFUSED = {
    "FUNCTIONS": "the page SQL of the documentation lists the functions",
    "CATALOGS": "a lake has one catalog, awsdatacatalog",
    "STATS": "count what you want to know",
    "SESSION": "nothing can be set",
    "ROLES": "rights are kept by AWS IAM, not by the lake",
    "ROLE": "rights are kept by AWS IAM, not by the lake",
    "GRANTS": "rights are kept by AWS IAM, not by the lake",
    "CURRENT": "rights are kept by AWS IAM, not by the lake",
    "BRANCHES": "no table of a lake has branches",
}
"""What Trino can show besides, and what to do instead."""


class Shows(Queries):
    """Reads SHOW and DESCRIBE."""

    def statement(self) -> tree.Query:
        """Read one of them and nothing behind it but a semicolon."""
        show = self._shown(self.step()) if self.word == "SHOW" else self._described(self.step())
        self.require_end()
        return show

    def _shown(self, token: Token) -> tree.Show:
        what = self.word
        if what in _REFUSED:
            self._refused(f"SHOW {what}", token, _REFUSED[what])
        if what not in {"TABLES", "VIEWS", "DATABASES", "SCHEMAS", "COLUMNS", "PARTITIONS", "CREATE", "TBLPROPERTIES"}:
            self.fail(f"SHOW is followed by {_LISTED}")
        self.step()
        if what in {"TABLES", "VIEWS"}:
            return tree.Show(token, what=what, database=self._database(), pattern=self._pattern())
        if what in {"DATABASES", "SCHEMAS"}:
            return tree.Show(token, what="DATABASES", pattern=self._pattern())
        if what == "COLUMNS":
            self.one_of("FROM", "IN") or self.fail("SHOW COLUMNS is followed by IN and a table")
            table = self._table_name()
            return tree.Show(token, what=what, table=_in(self._database(), table))
        if what == "CREATE":
            kind = self.one_of("TABLE", "VIEW") or self.fail("SHOW CREATE is followed by TABLE or VIEW")
            return tree.Show(token, what=f"CREATE {kind}", table=self._table_name(quoted=kind == "VIEW"))
        table = self._table_name()
        if what == "TBLPROPERTIES" and self.word == "(":
            self._refused("SHOW TBLPROPERTIES of one property", token, "leave it out, and all are shown")
        return tree.Show(token, what=what, table=table)

    def _described(self, token: Token) -> tree.Show:
        following = self.ahead()
        for word in ("FORMATTED", "EXTENDED"):
            if self.word == word and following.kind in {WORD, BACKQUOTED}:
                self._refused(f"DESCRIBE {word}", token, "SHOW CREATE TABLE and SHOW TBLPROPERTIES tell the rest")
        if self.word in {"INPUT", "OUTPUT"} and following.kind == WORD:
            self._refused(f"DESCRIBE {self.word}", token, "statements are not kept: send each with its values")
        if self.word == "TABLE":
            self.fail("write DESCRIBE and the table's name, without TABLE")
        table = self._table_name()
        if self.word == "PARTITION" or self.token.kind in {WORD, BACKQUOTED}:
            self._refused("DESCRIBE of one column or partition", token, "name the table alone")
        return tree.Show(token, what="DESCRIBE", table=table)

    def _database(self) -> tree.Identifier | None:
        return self._name() if self.one_of("FROM", "IN") else None

    def _pattern(self) -> tree.Literal | None:
        self.accept("LIKE")
        before = self.tokens[self.at - 1]
        if self.token.kind == TEXT:
            token = self.step()
            return tree.Literal(token, this=token.value, is_string=True)
        return self.fail("LIKE is followed by a pattern in quotes") if before.word == "LIKE" else None

    def _table_name(self, *, quoted: bool = False) -> tree.Table:
        """Read the name of a table, with its database or without. quoted: whether double quotes may stand round it."""
        names = [self._name(quoted=quoted)]
        while self.accept("."):
            names.append(self._name(quoted=quoted))
        if len(names) > 2:
            self.fail("the name of a table has at most two parts here, database.table")
        return tree.Table(None, **dict(zip(("this", "db"), reversed(names), strict=False)))

    def _name(self, *, quoted: bool = False) -> tree.Identifier:
        token = self.token
        if token.kind == QUOTED and not quoted:
            self.fail("in SHOW and DESCRIBE a name that needs quotes stands in backticks, `name`")
        if token.kind not in {WORD, BACKQUOTED, QUOTED}:
            self.fail("a name is wanted here")
        self.step()
        return tree.Identifier(token, this=token.name, quoted=token.kind != WORD)

    def _refused(self, what: str, token: Token, instead: str) -> NoReturn:
        raise QueryRefusedError(f"{what} ({place(token)}) cannot be answered here as Athena does: {instead}.")


def _in(database: tree.Identifier | None, table: tree.Table) -> tree.Table:
    """Return the table in the database that is named behind it."""
    if database is not None:
        table.set("db", database)
    return table
