-- Lead time
-- Median time from the commit to the end of the execution that deployed it; only Git triggers of V2 pipelines name the commit.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
-- param pipeline string = ''  one pipeline, or all
select pipeline, approx_percentile(minutes, 0.5) as median_minutes
from (
  select distinct pipeline, executionid, date_diff('minute', committime, event_time) as minutes
  from pipeline_execution_state_change
  where "date" >= :since and event_time >= :start and event_time < :end and state = 'SUCCEEDED' and committime is not null and (:pipeline = '' or pipeline = :pipeline)
)
group by pipeline
order by median_minutes desc, pipeline
