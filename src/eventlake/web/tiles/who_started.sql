-- Who or what starts executions
-- The author of the commit, else who is named by the trigger.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
-- param pipeline string = ''  one pipeline, or all
select who, count(*) as executions
from (
  select executionid, coalesce(max(author), max(regexp_extract(triggerdetail, '/([^/]+)$', 1)), 'nobody') as who
  from pipeline_execution_state_change
  where "date" >= :since and event_time >= :start and event_time < :end and (:pipeline = '' or pipeline = :pipeline)
  group by executionid
  having max(triggertype) is not null
)
group by who
order by executions desc, who
limit 15
