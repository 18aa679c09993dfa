-- Who stopped what, and why
-- Executions that somebody stopped, with the comment they left; the event does not say who it was (CloudTrail does).
-- param days int = 30  how many days back
-- param pipeline string = ''  one pipeline, or all
select distinct event_time as stopped_at, pipeline, executionid, stopcomments as comments
from pipeline_execution_state_change
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and state = 'STOPPING'
  and (:pipeline = '' or pipeline = :pipeline)
order by stopped_at desc, executionid, comments
