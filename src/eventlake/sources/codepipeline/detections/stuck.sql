-- An execution that does not end
-- An execution has begun and not ended, nothing happened in it for hours, and it takes several times as long as nearly all of its pipeline take: a job that nobody takes, a stage that is locked.
-- Not where an approval of the pipeline has no answer: approval_waits tells of that, and what waits behind it waits for it.
-- severity medium
-- every 6h
-- window 2d
-- quiet 2d
-- key the pipeline and the execution
-- param hours int = 24  what waits for people waits until the next day
-- param times int = 3  as long as nearly all take three times over
-- do Look at stuck_now for the action it waits for; stop the execution, or give it what it waits for.
with executions as (
  select
    pipeline,
    executionid,
    min(event_time) as started,
    max(case when state in ('SUCCEEDED', 'FAILED', 'STOPPED', 'SUPERSEDED', 'CANCELED') then event_time end) as ended
  from pipeline_execution_state_change
  where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
    and event_time >= :since
    and event_time < :until
  group by pipeline, executionid
),
waiting as (
  select pipeline
  from action_execution_state_change
  where "date" >= date(:arrived) - interval '7' day
    and event_time >= date_add('day', -7, :since)
    and event_time < :until
    and type.category = 'Approval'
  group by pipeline, actionexecutionid
  having count_if(state <> 'STARTED') = 0
),
signs as (
  select executionid, max(event_time) as last_sign
  from action_execution_state_change
  where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
    and event_time >= :since
    and event_time < :until
  group by executionid
),
usual as (
  select pipeline, approx_percentile(date_diff('second', started, ended), 0.95) as seconds
  from executions
  group by pipeline
)
select
  executions.pipeline || ' ' || executions.executionid as key,
  1 as events,
  executions.started as first_event,
  executions.started as last_event,
  usual.seconds as usual_seconds
from executions
left join usual on usual.pipeline = executions.pipeline
left join signs on signs.executionid = executions.executionid
where executions.ended is null
  and executions.pipeline not in (select pipeline from waiting)
  and coalesce(signs.last_sign, executions.started) < date_add('hour', -:hours, :until)
  and date_diff('second', executions.started, :until) > :times * coalesce(usual.seconds, 0)
