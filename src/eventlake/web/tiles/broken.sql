-- Broken now
-- Pipelines whose last finished execution failed, with what failed in it.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
with ends as (
  select pipeline, executionid, state, event_time, row_number() over (partition by pipeline order by event_time desc, executionid, state) as place
  from pipeline_execution_state_change
  where "date" >= :since and event_time >= :start and event_time < :end and state in ('SUCCEEDED', 'FAILED')
),
failures as (
  select executionid, stage, action, summary, row(event_time, event_id) as latest
  from action_execution_state_change
  where "date" >= :since and event_time >= :start and event_time < :end and state = 'FAILED'
)
select
  ends.pipeline, ends.executionid,
  max_by(failures.summary, failures.latest) as error,
  max_by(failures.stage, failures.latest) as stage,
  max_by(failures.action, failures.latest) as action,
  ends.event_time as failed_at
from ends
left join failures on failures.executionid = ends.executionid
where ends.place = 1 and ends.state = 'FAILED'
group by ends.pipeline, ends.executionid, ends.event_time
order by failed_at desc, ends.pipeline
