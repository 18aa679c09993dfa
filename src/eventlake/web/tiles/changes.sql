-- Changes of the tenant
-- Who used the Management API to change something, and what.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
select distinct event_time, user_name, client_name, ip, description, type
from auth0_logs
where "date" >= :since and event_time >= :start and event_time < :end and type = 'sapi'
order by event_time desc, description, ip
limit 50
