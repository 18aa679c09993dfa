-- The last entries of this address
-- Everything the tenant log says.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
-- param address string  the address
select distinct event_time, description, user_name, country_code, type, client_name, connection
from auth0_logs
where "date" >= :since and event_time >= :start and event_time < :end and ip = :address
order by event_time desc, description, type
limit 200
