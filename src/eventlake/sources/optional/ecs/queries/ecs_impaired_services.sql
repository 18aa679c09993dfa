-- What services warned of
-- Warnings and errors of services over the last days: cannot place a task, cannot start one, unhealthy targets.
-- param days int = 7  how many days back
select
  service_arn,
  event_name,
  reason,
  count(distinct event_id) as times,
  max(event_time) as last_time
from ecs_service_action
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and event_type in ('WARN', 'ERROR')
group by service_arn, event_name, reason
order by times desc, service_arn, event_name, reason
