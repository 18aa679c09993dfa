"""eventlake keeps every event of your pipelines and logins, and answers SQL about them.

The flow, stage by stage, the same on AWS and on one machine:

event       an EventBridge envelope reaches the bus                      local.bus, local.spool
rule        an event pattern decides whether a table wants it            pipeline.pattern, pipeline.rule
transform   the event becomes a log line with the table's columns        pipeline.transform
delivery    log lines are buffered and become an object                  pipeline.delivery
partition   the object's hour is made sure of in the catalog             pipeline.partition
query       Athena's SQL over the tables                                 query, backends, dbapi

What a source is, is data: `sources/<name>/source.toml`. Read `model` for the nouns, `pipeline` top to bottom for the flow,
`interfaces` for what differs between AWS and one machine, and `errors` for what can go wrong.
`connect` gives Python a lake to ask, as PEP 249 has it.
"""

from __future__ import annotations

from eventlake.errors import EventlakeError, PatternError

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing costs more than the rest of the package that a Lambda function needs
    from eventlake.dbapi import *
    from eventlake.pipeline.pattern import matches

__version__ = "0.1.0"

apilevel = "2.0"
"""PEP 249's: https://peps.python.org/pep-0249/#globals"""
threadsafety = 2
"""Threads may share the module and connections; not cursors."""
paramstyle = "pyformat"
"""How parameters are written, `%(name)s`; set it to "qmark" for `?`, as with PyAthena."""

__all__ = [
    "BINARY",
    "BOOLEAN",
    "DATE",
    "DATETIME",
    "JSON",
    "NUMBER",
    "ROWID",
    "STRING",
    "TIME",
    "Binary",
    "Connection",
    "Cursor",
    "DataError",
    "DatabaseError",
    "Date",
    "DateFromTicks",
    "Error",
    "EventlakeError",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "NotSupportedError",
    "OperationalError",
    "PatternError",
    "ProgrammingError",
    "Time",
    "TimeFromTicks",
    "Timestamp",
    "TimestampFromTicks",
    "Warning",
    "__version__",
    "apilevel",
    "connect",
    "matches",
    "paramstyle",
    "threadsafety",
]


def __getattr__(name: str) -> object:
    """Load what is not here yet when it is used, so that importing the package stays cheap."""
    if name == "matches":
        from eventlake.pipeline.pattern import matches

        return matches
    if name in __all__:
        from eventlake import dbapi

        return getattr(dbapi, name)
    raise AttributeError(f"module 'eventlake' has no attribute {name!r}")
