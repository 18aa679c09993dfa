-- A pipeline was changed
-- A pipeline runs in a new version: somebody changed its stages or actions, by hand or by a template.
-- Once is told: whoever changes a pipeline decides what reaches production.
-- severity information
-- every 12h
-- window 1d
-- quiet 7d
-- key the pipeline and its version
-- do Compare the version with the one before; ask who changed it, if no change was planned.
with versions as (
  select pipeline, version, min(event_time) as first_seen
  from pipeline_execution_state_change
  where "date" >= date(:arrived) - interval '30' day
    and event_time >= date_add('day', -30, :since)
    and event_time < :until
    and version is not null
  group by pipeline, version
)
select
  fresh.pipeline || ' ' || fresh.version as key,
  1 as events,
  fresh.first_seen as first_event,
  fresh.first_seen as last_event,
  max_by(old.version, old.first_seen) as before
from versions fresh
join versions old on old.pipeline = fresh.pipeline
  and old.first_seen < fresh.first_seen
where fresh.first_seen >= :since
group by fresh.pipeline, fresh.version, fresh.first_seen
