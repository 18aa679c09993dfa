-- Who or what starts executions
-- The author of the commit where the events name one; else the last part of the trigger's ARN: a user's session, a rule, a connection.
-- param days int = 30  how many days back
-- param pipeline string = ''  one pipeline, or all
select
  triggertype,
  who,
  count(*) as executions,
  count(distinct pipeline) as pipelines,
  max(started) as last_started
from (
  select
    pipeline,
    executionid,
    max(triggertype) as triggertype,
    coalesce(max(author), max(regexp_extract(triggerdetail, '/([^/]+)$', 1)), 'nobody') as who,
    min(event_time) as started
  from pipeline_execution_state_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and (:pipeline = '' or pipeline = :pipeline)
  group by pipeline, executionid
  having max(triggertype) is not null
)
group by triggertype, who
order by executions desc, triggertype, who
