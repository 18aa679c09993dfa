-- What is stuck now
-- Executions that have begun and not ended, with the action that has been running for at least so many hours: an approval that nobody
-- gives, a job that no worker takes. Without an action, the execution waits to enter a stage.
-- An action runs that has started more often than it has ended: before 2023 the runs of one action had no ids.
-- param hours int = 4  for at least how many hours
-- param days int = 14  how many days back to look for the beginning
with executions as (
  select pipeline, executionid, max_by(state, row(event_time, if(state in ('STARTED', 'RESUMED', 'STOPPING'), 0, 1), event_id)) as state, max(event_time) as since
  from pipeline_execution_state_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
  group by pipeline, executionid
),
running as (
  select executionid, actionexecutionid, stage, action, type.category as category, max(event_time) as since
  from action_execution_state_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
  group by executionid, actionexecutionid, stage, action, type.category
  having count(distinct case when state <> 'STARTED' then event_id end) < count(distinct case when state = 'STARTED' then event_id end)
)
select
  executions.pipeline,
  executions.executionid,
  executions.state,
  running.stage,
  running.action,
  running.category,
  coalesce(running.since, executions.since) as since,
  round(date_diff('minute', coalesce(running.since, executions.since), localtimestamp) / 60e0, 1) as hours
from executions
left join running on running.executionid = executions.executionid
where executions.state in ('STARTED', 'RESUMED', 'STOPPING')
  and coalesce(running.since, executions.since) <= date_add('hour', -:hours, localtimestamp)
order by since, executions.executionid, running.action
