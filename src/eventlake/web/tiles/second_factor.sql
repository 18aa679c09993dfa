-- Second factors
-- Notifications sent, confirmed and rejected, and other steps of a second factor, by log type.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
select type, count(distinct coalesce(log_id, event_id)) as entries
from auth0_logs
where "date" >= :since and event_time >= :start and event_time < :end and type like 'gd\_%' escape '\'
group by type
order by entries desc, type
