"""SHOW and DESCRIBE are read as Athena's DDL has them."""

from __future__ import annotations

import pytest

from eventlake.dialect.text import tree
from eventlake.dialect.text.syntax import parse
from eventlake.errors import QueryRefusedError, QuerySyntaxError


@pytest.mark.parametrize(
    ("sql", "what", "name", "pattern"),
    [
        ("SHOW TABLES", "TABLES", "", ""),
        ("show tables in a", "TABLES", "a", ""),
        ("show tables from `a` 'b*';", "TABLES", "a", "b*"),
        ("show tables like 'it''s'", "TABLES", "", "it's"),
        ("-- why\nSHOW VIEWS IN a LIKE 'b|c'", "VIEWS", "a", "b|c"),
        ("show databases like 'b'", "DATABASES", "", "b"),
        ("show schemas", "DATABASES", "", ""),
        ("show columns in t", "COLUMNS", "t", ""),
        ("show columns from a.t", "COLUMNS", "a.t", ""),
        ("show columns from t in a", "COLUMNS", "a.t", ""),
        ("show partitions `a`.`t`", "PARTITIONS", "a.t", ""),
        ("show create table a.t", "CREATE TABLE", "a.t", ""),
        ('show create view "a"."t"', "CREATE VIEW", "a.t", ""),
        ("show tblproperties t", "TBLPROPERTIES", "t", ""),
        ("describe t", "DESCRIBE", "t", ""),
        ("DESC `a`.`select``ed`", "DESCRIBE", "a.select`ed", ""),
        ("describe formatted", "DESCRIBE", "formatted", ""),
        ("describe input", "DESCRIBE", "input", ""),
    ],
)
def test_each_form_is_read(sql: str, what: str, name: str, pattern: str) -> None:
    """What is asked for, of which database or table, and which names."""
    node = parse(sql)

    assert isinstance(node, tree.Show)
    place = node.args.get("table") or node.args.get("database")
    assert node.args["what"] == what
    assert (".".join(part.name for part in place.parts) if isinstance(place, tree.Table) else place.name if place else "") == name
    assert (node.args["pattern"].this if node.args.get("pattern") else "") == pattern


@pytest.mark.parametrize(
    ("sql", "error", "says"),
    [
        ("show", QuerySyntaxError, "SHOW is followed by TABLES"),
        ("show table", QuerySyntaxError, "SHOW is followed by TABLES"),
        ("show tables in", QuerySyntaxError, "a name is wanted here"),
        ("show tables in a.b", QuerySyntaxError, 'near "."'),
        ("show tables like", QuerySyntaxError, "a pattern in quotes"),
        ("show tables like b", QuerySyntaxError, "a pattern in quotes"),
        ("show tables 'a' 'b'", QuerySyntaxError, "column 17"),
        ("show columns t", QuerySyntaxError, "followed by IN and a table"),
        ("show create t", QuerySyntaxError, "followed by TABLE or VIEW"),
        ("show partitions a.b.t", QuerySyntaxError, "at most two parts"),
        ("describe table t", QuerySyntaxError, "without TABLE"),
        ('describe "t"', QuerySyntaxError, "stands in backticks"),
        ("describe t; drop table t", QuerySyntaxError, "second statement begins"),
        ("describe `t", QuerySyntaxError, "not closed"),
        ("describe 1", QuerySyntaxError, "a name is wanted here"),
        ("describe t c", QueryRefusedError, "name the table alone"),
        ("describe t partition (hour = '10')", QueryRefusedError, "name the table alone"),
        ("describe extended t", QueryRefusedError, "SHOW CREATE TABLE"),
        ("describe output q", QueryRefusedError, "statements are not kept"),
        ("show tblproperties t ('a')", QueryRefusedError, "all are shown"),
        ("show functions like 'a%'", QueryRefusedError, "the page SQL"),
        ("show catalogs", QueryRefusedError, "awsdatacatalog"),
        ("show stats for t", QueryRefusedError, "SHOW STATS"),
        ("explain select 1", QueryRefusedError, "query --explain"),
        ("EXPLAIN ANALYZE drop table t", QueryRefusedError, "query --explain"),
        ("prepare q from select 1", QueryRefusedError, "statements are not kept"),
        ("execute q using 1", QueryRefusedError, "statements are not kept"),
        ("select `a` from t", QuerySyntaxError, "in double quotes"),
        ("with a as (show tables) select 1", QuerySyntaxError, "a query is wanted here"),
        ("msck repair table t", QuerySyntaxError, "Only SELECT"),
    ],
)
def test_everything_else_is_named(sql: str, error: type[Exception], says: str) -> None:
    """What Athena does not read is wrong; what is not answered leads on."""
    with pytest.raises(error, match=says):
        parse(sql)
