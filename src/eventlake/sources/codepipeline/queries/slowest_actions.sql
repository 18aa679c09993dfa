-- The slowest actions
-- Seconds from an action's start to its end, whether it succeeded or failed; approvals are left out, because they wait for people.
-- The event's own time is exact to the second. The 95th percentile is approximate on Athena.
-- param days int = 7  how many days back
-- param pipeline string = ''  one pipeline, or all
-- param top int = 20  how many actions to show
select
  pipeline,
  stage,
  action,
  provider,
  count(*) as runs,
  round(avg(seconds), 1) as average_seconds,
  approx_percentile(seconds, 0.95) as p95_seconds,
  max(seconds) as longest_seconds
from (
  select distinct
    pipeline, stage, action, type.provider as provider, coalesce(actionexecutionid, event_id) as run,
    date_diff('second', starttime, event_time) as seconds
  from action_execution_state_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and state in ('SUCCEEDED', 'FAILED')
    and type.category <> 'Approval'
    and (:pipeline = '' or pipeline = :pipeline)
)
group by pipeline, stage, action, provider
order by average_seconds desc, pipeline, stage, action, provider
limit :top
