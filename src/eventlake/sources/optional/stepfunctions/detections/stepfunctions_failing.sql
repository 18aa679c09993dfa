-- A state machine that only fails
-- Executions of a state machine failed or timed out within the hour, and none succeeded.
-- A machine that also succeeds is not told of: single orders fail.
-- severity high
-- every 15m
-- window 1h
-- key the state machine
-- param failures int = 3  so many in an hour, with no success between, is no accident
-- do Look at error and cause; redrive the executions once it is repaired.
select
  state_machine_arn as key,
  count(distinct case when status in ('FAILED', 'TIMED_OUT') then execution_arn end) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  max(error) as error,
  max(cause) as cause
from stepfunctions_execution_status_change
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :since
  and event_time < :until
  and status in ('FAILED', 'TIMED_OUT', 'SUCCEEDED')
group by state_machine_arn
having count(distinct case when status in ('FAILED', 'TIMED_OUT') then execution_arn end) >= :failures
  and count_if(status = 'SUCCEEDED') = 0
