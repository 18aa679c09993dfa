-- Why tasks stopped
-- Tasks that stopped in the last days by group, code and reason: how many, and the newest. What people and services stop on purpose is there as well.
-- param days int = 7  how many days back
select
  task_group,
  stop_code,
  stopped_reason,
  exit_code,
  count(distinct task_arn) as tasks,
  max(event_time) as last_time
from ecs_task_state_change
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and last_status = 'STOPPED'
group by task_group, stop_code, stopped_reason, exit_code
order by tasks desc, task_group, stop_code, stopped_reason, exit_code
