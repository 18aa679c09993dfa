-- Somebody new starts pipelines
-- Somebody started an execution or a rollback by hand who had started none in the 30 days before, on any pipeline.
-- severity information
-- every 6h
-- window 1d
-- history 30d
-- briefly 7d
-- quiet 7d
-- key who started it
-- do Ask the team whether they know them; if not, stop the execution, and revoke the session of the role.
select
  triggerdetail as key,
  count(distinct executionid) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  array_join(array_sort(array_agg(distinct pipeline)), ', ') as pipelines
from pipeline_execution_state_change
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :before
  and event_time < :until
  and triggertype in ('StartPipelineExecution', 'ManualRollback')
  and triggerdetail is not null
group by triggerdetail
having min(event_time) >= :since
