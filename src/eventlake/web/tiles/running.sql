-- Running now
-- Executions that have begun and not ended, with their age, and how long the pipeline's usual one takes: the median of those that succeeded.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
-- param pipeline string = ''  one pipeline, or all
with executions as (
  select
    pipeline, executionid,
    max_by(state, row(event_time, if(state in ('STARTED', 'RESUMED', 'STOPPING'), 0, 1), event_id)) as state,
    min(event_time) as began, max(event_time) as latest
  from pipeline_execution_state_change
  where "date" >= :since and event_time >= :start and event_time < :end and (:pipeline = '' or pipeline = :pipeline)
  group by pipeline, executionid
),
usual as (
  select pipeline, approx_percentile(date_diff('minute', began, latest), 0.5) as usual_minutes
  from executions
  where state = 'SUCCEEDED'
  group by pipeline
)
select
  executions.pipeline, executions.executionid, date_diff('minute', executions.began, :end) as age_minutes, usual.usual_minutes,
  executions.state, executions.began
from executions
left join usual on usual.pipeline = executions.pipeline
where executions.state in ('STARTED', 'RESUMED', 'STOPPING')
order by executions.began
