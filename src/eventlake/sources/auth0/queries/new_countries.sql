-- Users in a country where they were never seen before
-- First logins from a country by users who were known before from another one: a journey, a VPN, or somebody else.
-- param days int = 7  how many days back
-- param history int = 30  how many days before that tell which countries a user knows
with countries as (
  select
    user_id,
    max(user_name) as user_name,
    country_code,
    min(event_time) as first_login,
    min_by(ip, row(event_time, event_id)) as ip,
    count(distinct coalesce(log_id, event_id)) as logins
  from auth0_logs
  where "date" >= date_add('day', -:days - :history, current_date)
    and event_time >= date_add('day', -:days - :history, localtimestamp)
    and type = 's'
    and country_code is not null
  group by user_id, country_code
),
known as (
  select user_name, country_code, first_login, ip, logins, min(first_login) over (partition by user_id) as known_since
  from countries
)
select user_name, country_code as country, first_login, ip, logins, known_since
from known
where first_login > known_since
  and first_login >= date_add('day', -:days, localtimestamp)
order by first_login desc, user_name, country
