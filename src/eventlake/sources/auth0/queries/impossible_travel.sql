-- Logins from two countries, too soon after each other
-- Each login whose user had logged in from another country shortly before. A VPN looks like this too; a stolen password does.
-- param days int = 7  how many days back
-- param hours int = 4  sooner than so many hours
with logins as (
  select distinct coalesce(log_id, event_id) as log_id, event_time, user_id, user_name, ip, country_code
  from auth0_logs
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and type = 's'
    and country_code is not null
),
followed as (
  select
    user_name, event_time, ip, country_code,
    lag(event_time) over (partition by user_id order by event_time, log_id) as time_before,
    lag(ip) over (partition by user_id order by event_time, log_id) as ip_before,
    lag(country_code) over (partition by user_id order by event_time, log_id) as country_before
  from logins
)
select
  user_name,
  country_before,
  country_code as country,
  date_diff('minute', time_before, event_time) as minutes,
  ip_before,
  ip,
  event_time as login
from followed
where country_before <> country_code
  and event_time < date_add('hour', :hours, time_before)
order by login desc, user_name, ip
