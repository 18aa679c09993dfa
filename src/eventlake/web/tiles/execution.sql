-- Where the time went
-- The actions of one execution: when each began and ended, how, and what it said.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
-- param execution string  the id of the execution
select
  stage, action, max(type.category) as category, min(event_time) as began,
  max(case when state <> 'STARTED' then event_time end) as ended,
  max_by(state, row(event_time, if(state = 'STARTED', 0, 1), event_id)) as state,
  max(attempt) as attempt, max(summary) as summary, max(externalurl) as externalurl, max(pipeline) as pipeline
from action_execution_state_change
where "date" >= :since and event_time >= :start and event_time < :end and executionid = :execution
group by stage, action, coalesce(actionexecutionid, event_id)
order by began, ended, stage, action
