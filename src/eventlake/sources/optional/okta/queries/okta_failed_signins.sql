-- Who fails to sign in
-- Failed sign-ins of the last days by login and reason, and from how many addresses. An entry that was delivered twice counts once.
-- param days int = 7  how many days back
select
  actor_login,
  reason,
  count(distinct uuid) as failures,
  count(distinct ip) as addresses,
  max(event_time) as last_time
from okta_logs
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and event_type = 'user.session.start'
  and outcome = 'FAILURE'
group by actor_login, reason
order by failures desc, actor_login, reason
