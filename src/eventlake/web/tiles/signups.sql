-- Sign-ups
-- New users, and sign-ups that failed.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
select date_add('minute', 15 * (minute(event_time) / 15), date_trunc('hour', event_time)) as quarter,
  count(distinct case when type = 'ss' then coalesce(log_id, event_id) end) as succeeded,
  count(distinct case when type = 'fs' then coalesce(log_id, event_id) end) as failed
from auth0_logs
where "date" >= :since and event_time >= :start and event_time < :end and type in ('ss', 'fs')
group by 1
order by quarter
