-- Rollbacks
-- Executions that brought a stage back to an earlier version, by hand or automatically, and how they ended.
-- param days int = 30  how many days back
-- param pipeline string = ''  one pipeline, or all
select
  pipeline,
  executionid,
  max(triggertype) as triggertype,
  max(regexp_extract(triggerdetail, '/([^/]+)$', 1)) as who,
  min(event_time) as started,
  max_by(state, row(event_time, if(state in ('STARTED', 'RESUMED', 'STOPPING'), 0, 1), event_id)) as state
from pipeline_execution_state_change
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and (:pipeline = '' or pipeline = :pipeline)
group by pipeline, executionid
having max(triggertype) in ('ManualRollback', 'AutomatedRollback')
order by started desc, executionid
