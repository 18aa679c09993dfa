"""eventlake keeps every event of your pipelines and logins, and answers SQL about them.

The flow, stage by stage, the same on AWS and on one machine:

event       an EventBridge envelope reaches the bus                      local.bus, local.spool
rule        an event pattern decides whether a table wants it            pipeline.rule
transform   the event becomes a log line with the table's columns        pipeline.transform
delivery    log lines are buffered and become an object                  pipeline.delivery
partition   the object's hour is made sure of in the catalog             pipeline.partition
query       Athena's SQL over the tables                                 query, backends

What a source is, is data: `sources/<name>/source.toml`. Read `model` for the nouns, `pipeline` top to bottom for the flow,
`interfaces` for what differs between AWS and one machine, and `errors` for what can go wrong.
"""

from __future__ import annotations

from eventlake.errors import EventlakeError, PatternError

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing costs more than the rest of the package that a Lambda function needs
    from eventlake.pipeline.rule import matches

__version__ = "0.1.0"

__all__ = ["EventlakeError", "PatternError", "__version__", "matches"]


def __getattr__(name: str) -> object:
    if name == "matches":  # loaded when it is used, so that importing the package stays cheap
        from eventlake.pipeline.rule import matches

        return matches
    raise AttributeError(f"module 'eventlake' has no attribute {name!r}")
