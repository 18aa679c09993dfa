-- Blocks and leaked passwords
-- What the tenant's protection did: limits reached (limit_*), breached passwords (pwd_leak, signup_pwd_leak).
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
select date_add('minute', 15 * (minute(event_time) / 15), date_trunc('hour', event_time)) as quarter, type, count(distinct coalesce(log_id, event_id)) as entries
from auth0_logs
where "date" >= :since and event_time >= :start and event_time < :end and (type like 'limit\_%' escape '\' or type in ('pwd_leak', 'signup_pwd_leak', 'reset_pwd_leak'))
group by 1, type
order by quarter, type
