-- Logins by hour
-- Successful and failed logins in each hour (UTC), and how many users came in. Entries that were delivered twice count once.
-- param days int = 2  how many days back
-- param tenant string = ''  one tenant, or all
select
  date_trunc('hour', event_time) as hour,
  count(distinct case when type = 's' then coalesce(log_id, event_id) end) as logins,
  count(distinct case when type <> 's' then coalesce(log_id, event_id) end) as failed,
  count(distinct case when type = 's' then user_id end) as users
from auth0_logs
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and type in ('s', 'f', 'fp', 'fu')
  and (:tenant = '' or tenant_name = :tenant)
group by date_trunc('hour', event_time)
order by hour
