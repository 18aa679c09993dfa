"""Invented history: the events of a company's pipelines and logins, as realistic as they are made up, with the truth about them.

For the demo, the tests and the benchmarks. Nothing here knows how events are transformed, stored or queried.

history         History: seed, start, end, scale -> events in order, and the truth
timeline        many stories on one clock            load          how busy the hours of a week are
pipelines       what pipelines there are             company       what triggers them, who may enter a stage
executions      what happens to an execution             scene       what their stories share
commits         what an execution begins with
pipeline_events the shapes of CodePipeline's events
users           who and what logs in                 logins        the ordinary life of a tenant
administration  changes of a tenant                  attacks       attacks on it
incidents       each of them once, and those that a demo does without
tenant_log      writes log entries                   log_types     the shapes of Auth0's log entries, by type
truth           what really happened, noted by the stories
shape           shapes with holes -> text            names         invented people, places and things
"""

from eventlake.history.history import EVENTS_PER_DAY, SYSTEMS, History, demo_history, sized_history
from eventlake.history.incidents import INCIDENTS
from eventlake.history.truth import Truth

__all__ = ["EVENTS_PER_DAY", "INCIDENTS", "SYSTEMS", "History", "Truth", "demo_history", "sized_history"]
