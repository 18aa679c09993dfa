-- Active users by day
-- Users who logged in, kept a session or refreshed a token on each day (UTC); how often they logged in, and how many users were new.
-- param days int = 30  how many days back
select
  date_trunc('day', event_time) as day,
  count(distinct case when type <> 'ss' then user_id end) as active_users,
  count(distinct case when type = 's' then coalesce(log_id, event_id) end) as logins,
  count(distinct case when type = 'ss' then user_id end) as new_users
from auth0_logs
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and type in ('s', 'ssa', 'sertft', 'ss')
  and user_id <> ''
group by date_trunc('day', event_time)
order by day
