-- Phones that ring until somebody gives in
-- Users who got many push notifications in a short time, how many they rejected, and whether one was confirmed in the end.
-- Somebody who has the password and is refused a second factor tries again and again: `gave_in` is an alarm.
-- param days int = 30  how many days back
-- param pushes int = 5  at least how many notifications
-- param minutes int = 60  within how many minutes
with entries as (
  select distinct coalesce(log_id, event_id) as log_id, event_time, type, user_id, user_name
  from auth0_logs
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and type in ('gd_send_pn', 'gd_auth_rejected', 'gd_auth_succeed')
),
bursts as (
  select
    pushes.user_name,
    pushes.event_time as began,
    count(distinct case when later.type = 'gd_send_pn' then later.log_id end) as pushes,
    count(distinct case when later.type = 'gd_auth_rejected' then later.log_id end) as rejected,
    count(distinct case when later.type = 'gd_auth_succeed' then later.log_id end) as confirmed
  from entries pushes
  join entries later
    on later.user_id = pushes.user_id
    and later.event_time >= pushes.event_time
    and later.event_time <= date_add('minute', :minutes, pushes.event_time)
  where pushes.type = 'gd_send_pn'
  group by pushes.user_name, pushes.log_id, pushes.event_time
),
worst as (
  select user_name, began, pushes, rejected, confirmed, row_number() over (partition by user_name order by pushes desc, began) as place
  from bursts
  where pushes >= :pushes
)
select user_name, began, pushes, rejected, rejected > 0 and confirmed > 0 as gave_in
from worst
where place = 1
order by pushes desc, user_name
