-- Which errors end executions
-- Errors of the last days by state machine, the most frequent first, with the newest cause of each.
-- param days int = 30  how many days back
select
  state_machine_arn,
  error,
  count(distinct execution_arn) as executions,
  max_by(cause, row(event_time, event_id)) as last_cause,
  max(event_time) as last_time
from stepfunctions_execution_status_change
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and error <> ''
group by state_machine_arn, error
order by executions desc, state_machine_arn, error
