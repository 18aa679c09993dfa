-- The last executions
-- Each pipeline's last thirty, as they ended, the newest first.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
-- param pipeline string = ''  one pipeline, or all
select pipeline, executionid, state, ended
from (
  select pipeline, executionid, state, ended, row_number() over (partition by pipeline order by ended desc, executionid) as place
  from (
    select pipeline, executionid, max_by(state, row(event_time, event_id)) as state, max(event_time) as ended
    from pipeline_execution_state_change
    where "date" >= :since and event_time >= :start and event_time < :end and state in ('SUCCEEDED', 'FAILED', 'STOPPED', 'SUPERSEDED', 'CANCELED') and (:pipeline = '' or pipeline = :pipeline)
    group by pipeline, executionid
  )
)
where place <= 30
order by pipeline, ended desc, executionid
