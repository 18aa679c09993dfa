-- Users whose logins fail
-- Who fails most, and whether they came in.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
select
  user_name,
  count(distinct case when type <> 's' then coalesce(log_id, event_id) end) as failed,
  count(distinct case when type <> 's' then ip end) as addresses,
  count(distinct case when type = 's' then coalesce(log_id, event_id) end) as entered
from auth0_logs
where "date" >= :since and event_time >= :start and event_time < :end and type in ('s', 'f', 'fp', 'fu') and user_name <> ''
group by user_name
having count(distinct case when type <> 's' then coalesce(log_id, event_id) end) > 0
order by failed desc, user_name
limit 20
