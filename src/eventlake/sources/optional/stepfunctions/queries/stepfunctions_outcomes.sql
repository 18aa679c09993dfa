-- How executions ended
-- Executions that ended in the last days by state machine: how many, what part succeeded, and how long they took in seconds.
-- An event that was delivered twice counts once.
-- param days int = 30  how many days back
select
  state_machine_arn,
  count(distinct execution_arn) as executions,
  count(distinct case when status = 'SUCCEEDED' then execution_arn end) as succeeded,
  count(distinct case when status in ('FAILED', 'TIMED_OUT') then execution_arn end) as failed,
  max(date_diff('second', start_date, stop_date)) as longest_s
from stepfunctions_execution_status_change
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and status in ('SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED')
group by state_machine_arn
order by failed desc, state_machine_arn
