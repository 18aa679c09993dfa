-- The last entries of this application
-- Everything the tenant log says.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
-- param application string  its name
select distinct event_time, description, user_name, ip, country_code, type, connection
from auth0_logs
where "date" >= :since and event_time >= :start and event_time < :end and coalesce(client_name, 'unknown') = :application
order by event_time desc, description, type
limit 200
