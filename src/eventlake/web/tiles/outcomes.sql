-- How executions end
-- Executions that succeeded, failed or were stopped, superseded or canceled. One that failed and was tried again counts with each of its ends.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
-- param pipeline string = ''  one pipeline, or all
select date_add('minute', 15 * (minute(event_time) / 15), date_trunc('hour', event_time)) as quarter,
  count(distinct case when state = 'SUCCEEDED' then executionid end) as succeeded,
  count(distinct case when state = 'FAILED' then executionid end) as failed,
  count(distinct case when state in ('STOPPED', 'SUPERSEDED', 'CANCELED') then executionid end) as ended_otherwise
from pipeline_execution_state_change
where "date" >= :since and event_time >= :start and event_time < :end and state in ('SUCCEEDED', 'FAILED', 'STOPPED', 'SUPERSEDED', 'CANCELED') and (:pipeline = '' or pipeline = :pipeline)
group by 1
order by quarter
