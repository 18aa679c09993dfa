-- Executions that have not ended
-- Executions that started in the last days and told of no end, the oldest first.
-- param days int = 7  how many days back
select
  execution_arn,
  max(state_machine_arn) as state_machine_arn,
  min(start_date) as start_date
from stepfunctions_execution_status_change
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
group by execution_arn
having max_by(status, row(event_time, event_id)) in ('RUNNING', 'PENDING_REDRIVE')
order by start_date, execution_arn
