-- A pipeline that only fails
-- The last executions of a pipeline that came to an end have all failed.
-- severity high
-- every 3h
-- window 7d
-- key the pipeline
-- param failures int = 3  one may be chance, two are being looked at
-- do Look at failing_actions for the pipeline: whoever changed it last is the one to ask.
with ends as (
  select pipeline, executionid, max_by(state, event_time) as state, max(event_time) as ended
  from pipeline_execution_state_change
  where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
    and event_time >= :since
    and event_time < :until
    and state in ('SUCCEEDED', 'FAILED')
  group by pipeline, executionid
),
succeeded as (
  select pipeline, max(case when state = 'SUCCEEDED' then ended end) as last
  from ends
  group by pipeline
),
numbered as (
  select ends.pipeline, ends.state, ends.ended, row_number() over (partition by ends.pipeline order by ends.ended desc, ends.executionid) as place
  from ends
  join succeeded on succeeded.pipeline = ends.pipeline
  where ends.ended >= coalesce(succeeded.last, ends.ended)
)
select
  pipeline as key,
  count(*) as events,
  min(ended) as first_event,
  max(ended) as last_event
from numbered
where place <= :failures
group by pipeline
having count(*) = :failures
  and count_if(state = 'SUCCEEDED') = 0
