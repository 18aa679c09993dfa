-- A stage was rolled back
-- A stage went back to what was there before, by hand or by itself: what was delivered did not work.
-- Once is told: a rollback is the end of a decision, not noise.
-- severity information
-- every 6h
-- window 1d
-- key the pipeline
-- do Look at execution_history for what failed; nothing newer is live until somebody mends it.
select
  pipeline as key,
  count(distinct executionid) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  array_join(array_sort(array_agg(distinct triggertype)), ', ') as how
from pipeline_execution_state_change
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :since
  and event_time < :until
  and triggertype in ('ManualRollback', 'AutomatedRollback')
group by pipeline
