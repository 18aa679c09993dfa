-- Addresses that fail
-- From where logins fail: how many users were tried, and how many were entered. Many tried and few entered is an attack; an office enters.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
select
  ip, max(country_code) as country,
  count(distinct case when type <> 's' then coalesce(log_id, event_id) end) as failed,
  count(distinct case when type <> 's' then user_name end) as users_tried,
  count(distinct case when type = 's' then user_name end) as users_entered,
  max(case when type <> 's' then event_time end) as last_failure
from auth0_logs
where "date" >= :since and event_time >= :start and event_time < :end and type in ('s', 'f', 'fp', 'fu') and ip <> ''
group by ip
having count(distinct case when type <> 's' then coalesce(log_id, event_id) end) > 0
order by users_tried desc, failed desc, ip
limit 20
