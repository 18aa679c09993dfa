-- How long approvals wait
-- Minutes from asking for an approval to its answer, for approvals that were answered; `rejected` also counts those that expired.
-- Approvals that still wait are in stuck_now. The median is approximate on Athena.
-- param days int = 30  how many days back
-- param pipeline string = ''  one pipeline, or all
select
  pipeline,
  stage,
  action,
  count(*) as answered,
  count_if(state = 'FAILED') as rejected,
  approx_percentile(minutes, 0.5) as median_minutes,
  round(avg(minutes), 1) as average_minutes,
  max(minutes) as longest_minutes
from (
  select distinct
    pipeline, stage, action, coalesce(actionexecutionid, event_id) as run, state, date_diff('minute', starttime, event_time) as minutes
  from action_execution_state_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and state in ('SUCCEEDED', 'FAILED')
    and type.category = 'Approval'
    and (:pipeline = '' or pipeline = :pipeline)
)
group by pipeline, stage, action
order by average_minutes desc, pipeline, stage, action
