-- Stages that are retried
-- How often somebody retried a stage, in how many executions, and how many of these succeeded in the end.
-- Many retries that succeed are a sign of flaky tests or of a provider that is overloaded.
-- param days int = 30  how many days back
-- param pipeline string = ''  one pipeline, or all
with retried as (
  select distinct pipeline, stage, executionid, event_id
  from stage_execution_state_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and state = 'RESUMED'
    and (:pipeline = '' or pipeline = :pipeline)
),
succeeded as (
  select distinct executionid
  from pipeline_execution_state_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and state = 'SUCCEEDED'
)
select
  retried.pipeline,
  retried.stage,
  count(*) as retries,
  count(distinct retried.executionid) as executions,
  count(distinct succeeded.executionid) as succeeded_in_the_end
from retried
left join succeeded on succeeded.executionid = retried.executionid
group by retried.pipeline, retried.stage
order by retries desc, retried.pipeline, retried.stage
