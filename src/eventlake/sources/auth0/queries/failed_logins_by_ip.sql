-- Failed logins by IP address
-- Addresses with many failures. One user with many failures is somebody who guesses, or who forgot; many users from one address are an
-- attack (see credential_stuffing) or an office (then `logins` is large too).
-- param days int = 1  how many days back
-- param failures int = 10  at least how many failures
select
  ip,
  max(country_code) as country,
  count(distinct case when type <> 's' then coalesce(log_id, event_id) end) as failed,
  count(distinct case when type <> 's' then user_name end) as users_failed,
  count(distinct case when type = 's' then coalesce(log_id, event_id) end) as logins,
  max(case when type <> 's' then event_time end) as last_failure
from auth0_logs
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and type in ('s', 'f', 'fp', 'fu')
  and ip <> ''
group by ip
having count(distinct case when type <> 's' then coalesce(log_id, event_id) end) >= :failures
order by failed desc, ip
