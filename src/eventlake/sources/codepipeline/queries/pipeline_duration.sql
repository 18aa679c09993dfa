-- How long executions take, week by week
-- Minutes from the start of an execution to its success, by the week it ended in (weeks begin on Monday, UTC): does it get slower?
-- Approvals and retries are in it. Median and 90th percentile are approximate on Athena.
-- param days int = 56  how many days back
-- param pipeline string = ''  one pipeline, or all
select
  pipeline,
  date_trunc('week', event_time) as week,
  count(*) as executions,
  approx_percentile(date_diff('minute', starttime, event_time), 0.5) as median_minutes,
  approx_percentile(date_diff('minute', starttime, event_time), 0.9) as p90_minutes
from (
  select distinct pipeline, executionid, starttime, event_time
  from pipeline_execution_state_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and state = 'SUCCEEDED'
    and (:pipeline = '' or pipeline = :pipeline)
)
group by pipeline, date_trunc('week', event_time)
order by pipeline, week
