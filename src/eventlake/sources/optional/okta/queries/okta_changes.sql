-- What was changed, and by whom
-- Changes of policies, applications, groups' privileges and log streams over the last days, by who made them.
-- param days int = 30  how many days back
select
  actor_login,
  event_type,
  count(distinct uuid) as changes,
  max_by(target_name, row(event_time, uuid)) as last_target,
  max(event_time) as last_time
from okta_logs
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and (event_type like 'policy.%' or event_type like 'application.lifecycle.%' or event_type like '%.privilege.%' or event_type like 'system.%')
group by actor_login, event_type
order by last_time desc, actor_login, event_type
