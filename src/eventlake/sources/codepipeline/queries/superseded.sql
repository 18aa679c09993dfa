-- Executions that never finished
-- Of the executions that started, how many were superseded by a newer one, stopped by somebody, or canceled by a change of the pipeline.
-- Many superseded executions mean that a stage is slow or that its approval is rarely given.
-- param days int = 30  how many days back
-- param pipeline string = ''  one pipeline, or all
select
  pipeline,
  count(*) as started,
  count_if(superseded) as superseded,
  count_if(stopped) as stopped,
  count_if(canceled) as canceled,
  round(100e0 * count_if(superseded) / count(*), 1) as superseded_percent
from (
  select
    pipeline,
    executionid,
    bool_or(state = 'STARTED') as started,
    bool_or(state = 'SUPERSEDED') as superseded,
    bool_or(state = 'STOPPED') as stopped,
    bool_or(state = 'CANCELED') as canceled
  from pipeline_execution_state_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and (:pipeline = '' or pipeline = :pipeline)
  group by pipeline, executionid
)
where started
group by pipeline
order by superseded desc, pipeline
