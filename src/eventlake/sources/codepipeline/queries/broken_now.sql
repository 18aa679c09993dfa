-- Pipelines that are broken now
-- Pipelines whose last finished execution failed, with the action that failed last in it and what it said.
-- param days int = 30  how many days back
with ends as (
  select
    pipeline, executionid, state, event_time,
    row_number() over (partition by pipeline order by event_time desc, executionid) as place
  from pipeline_execution_state_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and state in ('SUCCEEDED', 'FAILED')
)
select
  ends.pipeline,
  ends.executionid,
  ends.event_time as failed_at,
  max_by(actions.stage, actions.event_time) as stage,
  max_by(actions.action, actions.event_time) as action,
  max_by(actions.summary, actions.event_time) as error
from ends
left join action_execution_state_change actions
  on actions.executionid = ends.executionid
  and actions.state = 'FAILED'
  and actions."date" >= date_add('day', -:days, current_date)
where ends.place = 1
  and ends.state = 'FAILED'
group by ends.pipeline, ends.executionid, ends.event_time
order by failed_at desc, ends.pipeline
