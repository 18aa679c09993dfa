-- When logins fail
-- Failed logins by day of the week and hour.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
select date_add('minute', 15 * (minute(event_time) / 15), date_trunc('hour', event_time)) as quarter, count(distinct coalesce(log_id, event_id)) as failed
from auth0_logs
where "date" >= :since and event_time >= :start and event_time < :end and type in ('f', 'fp', 'fu')
group by 1
order by quarter
