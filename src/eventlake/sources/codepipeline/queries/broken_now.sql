-- Pipelines that are broken now
-- Pipelines whose last finished execution failed, with the action that failed last in it and what it said.
-- param days int = 30  how many days back
with ends as (
  select
    pipeline, executionid, state, event_time,
    row_number() over (partition by pipeline order by event_time desc, executionid, state) as place
  from pipeline_execution_state_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and state in ('SUCCEEDED', 'FAILED')
),
failures as (
  select executionid, stage, action, summary, row(event_time, event_id) as latest
  from action_execution_state_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and state = 'FAILED'
)
select
  ends.pipeline,
  ends.executionid,
  ends.event_time as failed_at,
  max_by(failures.stage, failures.latest) as stage,
  max_by(failures.action, failures.latest) as action,
  max_by(failures.summary, failures.latest) as error
from ends
left join failures on failures.executionid = ends.executionid
where ends.place = 1
  and ends.state = 'FAILED'
group by ends.pipeline, ends.executionid, ends.event_time
order by failed_at desc, ends.pipeline
