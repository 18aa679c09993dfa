-- The five measures of delivery
-- Deployments a day, the median time from commit to deployed, the share of executions that failed, the mean time until a broken
-- pipeline succeeds again, and the share of deployments that repaired: they rolled back, or came after a failure.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
-- param pipeline string = ''  one pipeline, or all
with ends as (
  select distinct pipeline, executionid, state, event_time, triggertype, committime
  from pipeline_execution_state_change
  where "date" >= :since and event_time >= :start and event_time < :end and state in ('SUCCEEDED', 'FAILED') and (:pipeline = '' or pipeline = :pipeline)
),
followed as (
  select
    pipeline, executionid, state, event_time, triggertype, committime,
    lag(state) over (partition by pipeline order by event_time, executionid, state) as state_before,
    min(case when state = 'SUCCEEDED' then event_time end) over (
      partition by pipeline order by event_time, executionid, state rows between current row and unbounded following
    ) as restored
  from ends
)
select
  round(count(distinct case when state = 'SUCCEEDED' then executionid end) * 86400e0 / date_diff('second', :start, :end), 2) as deployments_a_day,
  approx_percentile(case when state = 'SUCCEEDED' then date_diff('minute', committime, event_time) end, 0.5) as median_lead_time_minutes,
  round(100e0 * count(distinct case when state = 'FAILED' then executionid end) / count(distinct executionid), 1) as failed_percent,
  round(avg(case when state = 'FAILED' and (state_before is null or state_before = 'SUCCEEDED') then date_diff('minute', event_time, restored) end), 1) as time_to_restore_minutes,
  round(100e0 * count(distinct case when state = 'SUCCEEDED' and (state_before = 'FAILED' or triggertype in ('ManualRollback', 'AutomatedRollback')) then executionid end)
    / nullif(count(distinct case when state = 'SUCCEEDED' then executionid end), 0), 1) as rework_percent
from followed
having count(*) > 0
