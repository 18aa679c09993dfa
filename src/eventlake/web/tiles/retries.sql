-- Stages that are retried
-- How often somebody retried a stage.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
-- param pipeline string = ''  one pipeline, or all
select pipeline || ' / ' || stage as stage, count(distinct event_id) as retries, max(pipeline) as pipeline
from stage_execution_state_change
where "date" >= :since and event_time >= :start and event_time < :end and state = 'RESUMED' and (:pipeline = '' or pipeline = :pipeline)
group by pipeline || ' / ' || stage
order by retries desc, stage
