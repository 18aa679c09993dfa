-- Logins by application
-- What people log in to and through which connection, and how often that fails.
-- param days int = 7  how many days back
select
  client_name,
  connection,
  count(distinct case when type = 's' then coalesce(log_id, event_id) end) as logins,
  count(distinct case when type <> 's' then coalesce(log_id, event_id) end) as failed,
  count(distinct case when type = 's' then user_id end) as users
from auth0_logs
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and type in ('s', 'f', 'fp', 'fu')
group by client_name, connection
order by logins desc, client_name, connection
