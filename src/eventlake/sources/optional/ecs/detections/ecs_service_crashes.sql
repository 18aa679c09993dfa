-- A service whose tasks fall over
-- Several tasks of one group ended by themselves within the hour, or did not start.
-- What people, the scheduler and Spot stop is not counted.
-- severity high
-- every 5m
-- window 1h
-- key the group of tasks and its cluster
-- param tasks int = 3  one task that falls over is started again, and nobody need know
-- do Look at reason and the logs of the container; roll the last deployment back if it began with it.
select
  task_group || ' ' || cluster_arn as key,
  count(distinct task_arn) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  max(stopped_reason) as reason,
  max(exit_code) as exit_code,
  max(task_definition_arn) as task_definition
from ecs_task_state_change
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :since
  and event_time < :until
  and last_status = 'STOPPED'
  and stop_code in ('EssentialContainerExited', 'TaskFailedToStart')
  and coalesce(exit_code, 1) <> 0
group by task_group || ' ' || cluster_arn
having count(distinct task_arn) >= :tasks
