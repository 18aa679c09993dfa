-- Events of the pipeline and its stages
-- In the order of their time; those of actions are drawn above.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
-- param execution string  the id of the execution
select event_time, 'pipeline' as what, pipeline as name, state, attempt, coalesce(stopcomments, triggerdetail) as said
from pipeline_execution_state_change
where "date" >= :since and event_time >= :start and event_time < :end and executionid = :execution
union
select event_time, 'stage', stage, state, attempt, cast(null as varchar)
from stage_execution_state_change
where "date" >= :since and event_time >= :start and event_time < :end and executionid = :execution
order by event_time, attempt, what, state desc, name, said
