-- Time to restore: how long pipelines stay broken
-- An outage begins with the first failure after a success and ends with the next success of the same pipeline, be it a retry, a fix or a rollback.
-- `broken_since` is the beginning of an outage that has not ended.
-- param days int = 30  how many days back
-- param pipeline string = ''  one pipeline, or all
with ends as (
  select distinct pipeline, executionid, attempt, state, event_time
  from pipeline_execution_state_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and state in ('SUCCEEDED', 'FAILED')
    and (:pipeline = '' or pipeline = :pipeline)
),
followed as (
  select
    pipeline,
    state,
    event_time,
    lag(state) over (partition by pipeline order by event_time, executionid, state) as state_before,
    min(case when state = 'SUCCEEDED' then event_time end) over (
      partition by pipeline order by event_time, executionid, state rows between current row and unbounded following
    ) as restored
  from ends
)
select
  pipeline,
  count(*) as outages,
  count(restored) as restored,
  round(avg(date_diff('minute', event_time, restored)), 1) as average_minutes,
  max(date_diff('minute', event_time, restored)) as longest_minutes,
  max(case when restored is null then event_time end) as broken_since
from followed
where state = 'FAILED'
  and (state_before is null or state_before = 'SUCCEEDED')
group by pipeline
order by outages desc, pipeline
