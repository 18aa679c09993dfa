-- Machines
-- Access tokens that machines asked for, by application.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
select coalesce(client_name, client_id, 'unknown') as client, count(distinct coalesce(log_id, event_id)) as tokens
from auth0_logs
where "date" >= :since and event_time >= :start and event_time < :end and type in ('seccft', 'feccft')
group by coalesce(client_name, client_id, 'unknown')
order by tokens desc, client
limit 15
