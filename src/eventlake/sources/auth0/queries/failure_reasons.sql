-- Why logins fail
-- Failed logins by type and by the message in their details.
-- param days int = 7  how many days back
select
  type,
  json_extract_scalar(details, '$.error.message') as message,
  count(distinct coalesce(log_id, event_id)) as failed,
  count(distinct user_name) as users,
  count(distinct ip) as addresses,
  max(event_time) as last_failure
from auth0_logs
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and type in ('f', 'fp', 'fu')
group by type, json_extract_scalar(details, '$.error.message')
order by failed desc, type, message
