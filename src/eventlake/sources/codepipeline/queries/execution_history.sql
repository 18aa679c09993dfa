-- Everything about one execution
-- Its pipeline, stage and action events in the order of their time, which is exact to the second.
-- param execution string  the id of the execution
-- param days int = 90  how many days back
select event_time, 'pipeline' as what, pipeline as name, state, attempt, coalesce(stopcomments, triggerdetail) as said
from pipeline_execution_state_change
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and executionid = :execution
union
select event_time, 'stage', stage, state, attempt, cast(null as varchar)
from stage_execution_state_change
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and executionid = :execution
union
select event_time, 'action', stage || ' / ' || action, state, attempt, summary
from action_execution_state_change
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and executionid = :execution
order by event_time, attempt, what, state desc, name, said
