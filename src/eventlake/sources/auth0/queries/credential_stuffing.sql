-- Credential stuffing and password spraying
-- Addresses from which many different users were tried, and who could be entered from there: these accounts are in danger.
-- An office has many users too, but more successes than failures.
-- param days int = 7  how many days back
-- param users int = 15  at least how many different users were tried without success
select
  ip,
  max(country_code) as country,
  count(distinct case when type <> 's' then user_name end) as users_tried,
  count(distinct case when type <> 's' then coalesce(log_id, event_id) end) as failed,
  count(distinct case when type = 's' then user_name end) as users_entered,
  array_join(array_sort(array_agg(distinct user_name) filter (where type = 's')), ', ') as entered,
  min(event_time) as first_seen,
  max(event_time) as last_seen
from auth0_logs
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and type in ('s', 'f', 'fp', 'fu')
  and ip <> ''
group by ip
having count(distinct case when type <> 's' then user_name end) >= :users
order by users_tried desc, ip
