-- Connections
-- How people log in.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
select coalesce(connection, 'unknown') as connection, count(distinct coalesce(log_id, event_id)) as logins
from auth0_logs
where "date" >= :since and event_time >= :start and event_time < :end and type = 's'
group by coalesce(connection, 'unknown')
order by logins desc, connection
limit 15
