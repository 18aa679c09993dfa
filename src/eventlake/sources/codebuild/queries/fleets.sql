-- Fleets of build machines, and the state each is in
-- The last state of every fleet that changed in the last days, with what was said of it, and how often it failed.
-- param days int = 30  how many days back
select
  fleet_arn,
  max_by(fleet_status, row(event_time, event_id)) as last_status,
  max_by(status_message, row(event_time, event_id)) as last_message,
  max(event_time) as since,
  count(distinct case when fleet_status like '%FAILED' then event_id end) as failures
from fleet_state_change
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
group by fleet_arn
order by since desc, fleet_arn
