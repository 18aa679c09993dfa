-- How long approvals wait
-- Median time until an approval is given or refused.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
-- param pipeline string = ''  one pipeline, or all
select pipeline, approx_percentile(minutes, 0.5) as median_minutes
from (
  select distinct pipeline, coalesce(actionexecutionid, event_id) as run, date_diff('minute', starttime, event_time) as minutes
  from action_execution_state_change
  where "date" >= :since and event_time >= :start and event_time < :end and state in ('SUCCEEDED', 'FAILED') and type.category = 'Approval' and (:pipeline = '' or pipeline = :pipeline)
)
group by pipeline
order by median_minutes desc, pipeline
