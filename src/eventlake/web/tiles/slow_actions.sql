-- The slowest actions
-- Mean time of an action, without approvals.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
-- param pipeline string = ''  one pipeline, or all
select pipeline || ' / ' || stage || ' / ' || action as action, round(avg(seconds), 1) as mean_seconds, max(pipeline) as pipeline
from (
  select distinct pipeline, stage, action, coalesce(actionexecutionid, event_id) as run, date_diff('second', starttime, event_time) as seconds
  from action_execution_state_change
  where "date" >= :since and event_time >= :start and event_time < :end and state in ('SUCCEEDED', 'FAILED') and type.category <> 'Approval' and (:pipeline = '' or pipeline = :pipeline)
)
group by pipeline || ' / ' || stage || ' / ' || action
order by mean_seconds desc, action
limit 15
