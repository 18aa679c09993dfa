-- Users whose password is known to be stolen
-- Warnings at login, reset and signup by user, and whether the password was changed after the last one. Auth0 warns once an hour and address.
-- param days int = 30  how many days back
with entries as (
  select distinct coalesce(log_id, event_id) as log_id, event_time, type, user_name
  from auth0_logs
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and type in ('pwd_leak', 'reset_pwd_leak', 'signup_pwd_leak', 'scp')
),
warned as (
  select
    user_name,
    count(*) as warnings,
    array_join(array_sort(array_agg(distinct type)), ', ') as types,
    max(event_time) as last_warning
  from entries
  where type <> 'scp'
  group by user_name
),
changes as (
  select user_name, max(event_time) as changed
  from entries
  where type = 'scp'
  group by user_name
)
select
  warned.user_name,
  warned.warnings,
  warned.types,
  warned.last_warning,
  changes.changed as password_changed,
  coalesce(changes.changed > warned.last_warning, false) as changed_since
from warned
left join changes on changes.user_name = warned.user_name
order by changed_since, warned.last_warning desc, warned.user_name
