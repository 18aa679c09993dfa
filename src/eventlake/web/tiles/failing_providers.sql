-- Failures by provider
-- Actions that failed, by who ran them.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
-- param pipeline string = ''  one pipeline, or all
select type.provider as provider, count(distinct coalesce(actionexecutionid, event_id)) as failures
from action_execution_state_change
where "date" >= :since and event_time >= :start and event_time < :end and state = 'FAILED' and (:pipeline = '' or pipeline = :pipeline)
group by type.provider
order by failures desc, provider
