-- What happened at this application
-- Entries of the tenant log, by type.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
-- param application string  its name
select date_add('minute', 15 * (minute(event_time) / 15), date_trunc('hour', event_time)) as quarter, type, count(distinct coalesce(log_id, event_id)) as entries
from auth0_logs
where "date" >= :since and event_time >= :start and event_time < :end and coalesce(client_name, 'unknown') = :application
group by 1, type
order by quarter, type
