-- Where the time went
-- The actions of one execution: when each began and ended, how, and what it said; beside them what is usual: the medians of their first
-- runs that succeeded, in the last thirty other executions of the pipeline.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
-- param execution string  the id of the execution
with own as (
  select
    stage, action, max(type.category) as category, min(event_time) as began,
    max(case when state <> 'STARTED' then event_time end) as ended,
    max_by(state, row(event_time, if(state = 'STARTED', 0, 1), event_id)) as state,
    max(attempt) as attempt, max(summary) as summary, max(externalurl) as externalurl, max(pipeline) as pipeline
  from action_execution_state_change
  where "date" >= :since and event_time >= :start and event_time < :end and executionid = :execution
  group by stage, action, coalesce(actionexecutionid, event_id)
),
others as (
  select
    executionid, stage, action, min(event_time) as began, max(event_time) as ended,
    max(if(state = 'SUCCEEDED', 1, 0)) as succeeded, max(attempt) as attempt
  from action_execution_state_change
  where "date" >= :since and event_time >= :start and event_time < :end and executionid <> :execution
    and pipeline in (select pipeline from own)
  group by executionid, stage, action, coalesce(actionexecutionid, event_id)
),
firsts as (
  select executionid, first, row_number() over (order by first desc, executionid) as place
  from (select executionid, min(began) as first from others group by executionid)
),
usual as (
  select
    others.stage, others.action,
    approx_percentile(date_diff('second', firsts.first, others.began), 0.5) as usual_start,
    approx_percentile(date_diff('second', others.began, others.ended), 0.5) as usual_seconds
  from others
  join firsts on firsts.executionid = others.executionid
  where firsts.place <= 30 and others.succeeded = 1 and others.attempt = 1
  group by others.stage, others.action
)
select
  own.stage, own.action, own.category, own.began, own.ended, own.state, own.attempt, own.summary, own.externalurl, own.pipeline,
  usual.usual_start, usual.usual_seconds
from own
left join usual on usual.stage = own.stage and usual.action = own.action
order by own.began, own.ended, own.stage, own.action
