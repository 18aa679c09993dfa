-- Deployments
-- Executions that succeeded, by the time they ended and by pipeline.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
-- param pipeline string = ''  one pipeline, or all
select date_add('minute', 15 * (minute(event_time) / 15), date_trunc('hour', event_time)) as quarter, pipeline, count(distinct executionid) as deployments
from pipeline_execution_state_change
where "date" >= :since and event_time >= :start and event_time < :end and state = 'SUCCEEDED' and (:pipeline = '' or pipeline = :pipeline)
group by 1, pipeline
order by quarter, pipeline
