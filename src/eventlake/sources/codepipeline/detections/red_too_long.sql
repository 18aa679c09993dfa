-- A pipeline that stays red
-- The last execution of a pipeline that came to an end has failed, and nobody has mended it for long.
-- severity information
-- every 6h
-- window 7d
-- quiet 1d
-- key the pipeline
-- param hours int = 24  overnight is usual; who is not back by the next day has forgotten it
-- do Roll back, or mend it: broken_now says which action failed, and why.
select
  pipeline as key,
  count(distinct case when state = 'FAILED' then executionid end) as events,
  max(case when state = 'FAILED' then event_time end) as first_event,
  max(case when state = 'FAILED' then event_time end) as last_event,
  max(case when state = 'SUCCEEDED' then event_time end) as last_success
from pipeline_execution_state_change
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :since
  and event_time < :until
  and state in ('SUCCEEDED', 'FAILED')
group by pipeline
having max_by(state, event_time) = 'FAILED'
  and max(event_time) < date_add('hour', -:hours, :until)
