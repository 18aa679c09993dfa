-- The measures of the last 90 days
-- The same five for each of the 13 weeks before the window's end, by the week in which executions ended.
-- param long_since date  the first day of arrival
-- param long_start timestamp  the beginning of the 13 weeks, in UTC
-- param end timestamp  the window's end
-- param pipeline string = ''  one pipeline, or all
with ends as (
  select distinct pipeline, executionid, state, event_time, triggertype, committime
  from pipeline_execution_state_change
  where "date" >= :long_since and event_time >= :long_start and event_time < :end and state in ('SUCCEEDED', 'FAILED') and (:pipeline = '' or pipeline = :pipeline)
),
followed as (
  select
    pipeline, executionid, state, event_time, triggertype, committime, date_diff('second', :long_start, event_time) / 604800 as week,
    lag(state) over (partition by pipeline order by event_time, executionid, state) as state_before,
    min(case when state = 'SUCCEEDED' then event_time end) over (
      partition by pipeline order by event_time, executionid, state rows between current row and unbounded following
    ) as restored
  from ends
)
select
  date_add('day', 7 * week, :long_start) as week,
  round(count(distinct case when state = 'SUCCEEDED' then executionid end) / 7e0, 2) as deployments_a_day,
  approx_percentile(case when state = 'SUCCEEDED' then date_diff('minute', committime, event_time) end, 0.5) as median_lead_time_minutes,
  round(100e0 * count(distinct case when state = 'FAILED' then executionid end) / count(distinct executionid), 1) as failed_percent,
  round(avg(case when state = 'FAILED' and (state_before is null or state_before = 'SUCCEEDED') then date_diff('minute', event_time, restored) end), 1) as time_to_restore_minutes,
  round(100e0 * count(distinct case when state = 'SUCCEEDED' and (state_before = 'FAILED' or triggertype in ('ManualRollback', 'AutomatedRollback')) then executionid end)
    / nullif(count(distinct case when state = 'SUCCEEDED' then executionid end), 0), 1) as rework_percent
from followed
group by week
order by week
