-- Which actions fail, and what they say
-- Failures of each action, with the text of the last one.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
-- param pipeline string = ''  one pipeline, or all
select
  pipeline, max_by(executionid, row(event_time, event_id)) as executionid,
  max_by(summary, row(event_time, event_id)) as last_error,
  count(distinct coalesce(actionexecutionid, event_id)) as failures,
  stage, action, type.category as category,
  max(event_time) as last_failure
from action_execution_state_change
where "date" >= :since and event_time >= :start and event_time < :end and state = 'FAILED' and (:pipeline = '' or pipeline = :pipeline)
group by pipeline, stage, action, type.category
order by failures desc, pipeline, stage, action, category
