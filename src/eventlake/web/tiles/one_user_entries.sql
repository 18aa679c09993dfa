-- The last entries of this user
-- Everything the tenant log says.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
-- param user string  the user
select distinct event_time, description, ip, country_code, type, client_name, connection
from auth0_logs
where "date" >= :since and event_time >= :start and event_time < :end and user_name = :user
order by event_time desc, description, type
limit 200
