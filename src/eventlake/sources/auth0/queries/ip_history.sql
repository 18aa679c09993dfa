-- Everything that came from an IP address
-- By user and type of entry: whom it tried, whom it entered.
-- param ip string  the address, as the log writes it
-- param days int = 30  how many days back
select
  user_name,
  type,
  count(distinct coalesce(log_id, event_id)) as entries,
  min(event_time) as first_seen,
  max(event_time) as last_seen
from auth0_logs
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and ip = :ip
group by user_name, type
order by first_seen, user_name, type
