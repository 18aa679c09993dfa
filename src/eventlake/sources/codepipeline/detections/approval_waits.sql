-- An approval that nobody gives
-- An execution waits for an approval that was asked for long ago.
-- severity information
-- every 6h
-- window 7d
-- quiet 1d
-- key the pipeline and the stage
-- param hours int = 24  a working day is fair
-- do Remind who approves, or reject it: an approval that is not given fails after seven days.
with approvals as (
  select pipeline, stage, executionid, min(event_time) as asked, max(case when state <> 'STARTED' then event_time end) as answered
  from action_execution_state_change
  where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
    and event_time >= :since
    and event_time < :until
    and type.category = 'Approval'
  group by pipeline, stage, executionid
)
select
  pipeline || ' ' || stage as key,
  count(*) as events,
  min(asked) as first_event,
  max(asked) as last_event
from approvals
where answered is null
  and asked < date_add('hour', -:hours, :until)
group by pipeline || ' ' || stage
