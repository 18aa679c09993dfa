-- Change failure rate
-- Of the executions that succeeded or failed, how many failed at least once; `recovered` of them succeeded after a retry.
-- Superseded, stopped and canceled executions are in neither number.
-- param days int = 30  how many days back
-- param pipeline string = ''  one pipeline, or all
select
  pipeline,
  count(*) as finished,
  count_if(failures > 0) as failed,
  count_if(failures > 0 and successes > 0) as recovered,
  round(100e0 * count_if(failures > 0) / count(*), 1) as failed_percent
from (
  select pipeline, executionid, count_if(state = 'FAILED') as failures, count_if(state = 'SUCCEEDED') as successes
  from pipeline_execution_state_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and state in ('SUCCEEDED', 'FAILED')
    and (:pipeline = '' or pipeline = :pipeline)
  group by pipeline, executionid
)
group by pipeline
order by failed_percent desc, finished desc, pipeline
