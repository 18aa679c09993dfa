-- Accounts that may have been taken over
-- A login from a country the user never came from before, after many failed attempts on the account; and what was changed in the hours
-- after it: the password (scp), the second factor (gd_unenroll, gd_enrollment_complete). Anything in `changed` is urgent.
-- param days int = 7  how many days back
-- param failures int = 5  at least how many failed attempts before the login
-- param hours int = 24  how long before the login failures count, and how long after it changes do
-- param history int = 30  how many days before that tell which countries a user knows
with entries as (
  select distinct coalesce(log_id, event_id) as log_id, event_time, type, user_name, ip, country_code
  from auth0_logs
  where "date" >= date_add('day', -:days - :history, current_date)
    and event_time >= date_add('day', -:days - :history, localtimestamp)
    and type in ('s', 'f', 'fp', 'fu', 'scp', 'gd_unenroll', 'gd_enrollment_complete')
    and user_name <> ''
),
logins as (
  select
    log_id, event_time, user_name, ip, country_code,
    min(event_time) over (partition by user_name, country_code) as first_there,
    min(event_time) over (partition by user_name) as first_ever
  from entries
  where type = 's'
    and country_code is not null
)
select
  logins.event_time as login,
  logins.user_name,
  logins.ip,
  logins.country_code,
  count(distinct failures.log_id) as failures_before,
  array_join(array_sort(array_agg(distinct changes.type) filter (where changes.type is not null)), ', ') as changed
from logins
join entries failures
  on failures.user_name = logins.user_name
  and failures.type in ('f', 'fp', 'fu')
  and failures.event_time < logins.event_time
  and failures.event_time >= date_add('hour', -:hours, logins.event_time)
left join entries changes
  on changes.user_name = logins.user_name
  and changes.type in ('scp', 'gd_unenroll', 'gd_enrollment_complete')
  and changes.event_time > logins.event_time
  and changes.event_time <= date_add('hour', :hours, logins.event_time)
where logins.event_time = logins.first_there
  and logins.first_there > logins.first_ever
  and logins.event_time >= date_add('day', -:days, localtimestamp)
group by logins.log_id, logins.event_time, logins.user_name, logins.ip, logins.country_code
having count(distinct failures.log_id) >= :failures
order by login desc, logins.user_name, logins.ip
