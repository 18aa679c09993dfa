-- What is deployed
-- The last execution of each pipeline that succeeded: when, and which commit it brought. Without a commit it was a rollback, or the
-- pipeline's events do not name commits (V1, and executions that were not started by Git).
-- param days int = 90  how many days back
-- param pipeline string = ''  one pipeline, or all
select pipeline, event_time as deployed, executionid, version, repository, coalesce(tag, branch) as reference, commitid, author
from (
  select
    pipeline, event_time, executionid, version, repository, tag, branch, commitid, author,
    row_number() over (partition by pipeline order by event_time desc, executionid, event_id) as place
  from pipeline_execution_state_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and state = 'SUCCEEDED'
    and (:pipeline = '' or pipeline = :pipeline)
)
where place = 1
order by pipeline
