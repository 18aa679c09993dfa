"""A saved query as a named query of Athena: `:name` becomes `?`, which Athena's console and `ExecutionParameters` fill in order.

https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html
"""

from __future__ import annotations

from eventlake.deploy.cloudformation import Template, ref, sub
from eventlake.query.saved import Parameter, SavedQuery, positional

DESCRIPTION_LIMIT = 1024
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-athena-namedquery.html"""


def named_query(saved: SavedQuery) -> Template:
    """Describe a saved query, in the source's workgroup and database."""
    sql, parameters = positional(saved)
    return {
        "Type": "AWS::Athena::NamedQuery",
        "Properties": {
            "Name": sub(f"${{LakeName}} {saved.name}"),
            "Description": _cut(_description(saved, parameters)),
            "Database": ref("GlueDatabase"),
            "WorkGroup": ref("WorkGroup"),
            "QueryString": "\n".join([*_comment(saved, parameters), sql, ""]),
        },
    }


def _description(saved: SavedQuery, parameters: list[Parameter]) -> str:
    order = f" Parameters in order: {', '.join(_name_and_type(parameter) for parameter in parameters)}." if parameters else ""
    return f"{saved.title}.{order}"


def _comment(saved: SavedQuery, parameters: list[Parameter]) -> list[str]:
    places = [f"-- parameter {place}: {_name_and_type(parameter)}: {parameter.doc}" for place, parameter in enumerate(parameters, 1)]
    return [*(f"-- {line}" for line in saved.doc.splitlines()), *places]


def _name_and_type(parameter: Parameter) -> str:
    usual = "" if parameter.default is None else f", usually {_literal(parameter)}"
    return f"{parameter.name} ({parameter.type}{usual})"


def _literal(parameter: Parameter) -> str:
    """Write the default as it is typed in Athena's console."""
    default = parameter.default or ""
    if parameter.type == "int":
        return default
    quoted = "'" + default.replace("'", "''") + "'"
    return quoted if parameter.type == "string" else f"{parameter.type.upper()} {quoted}"


def _cut(text: str) -> str:
    return text if len(text) <= DESCRIPTION_LIMIT else text[: DESCRIPTION_LIMIT - 3] + "..."
