-- One user in two countries at once
-- A user logged in from two countries within an hour.
-- severity high
-- every 15m
-- window 1h
-- key the user
-- per user_name
-- param countries int = 2  nobody crosses a border and logs in on both sides within an hour, but for towns at a border
-- do Ask the user which login was theirs; end the sessions of the other, and reset the password.
select
  user_name as key,
  count(distinct coalesce(log_id, event_id)) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  array_join(array_sort(array_agg(distinct country_code)), ', ') as countries,
  array_join(array_sort(array_agg(distinct ip)), ', ') as ips
from auth0_logs
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :since
  and event_time < :until
  and type = 's'
  and user_name <> ''
group by user_name
having count(distinct country_code) >= :countries
