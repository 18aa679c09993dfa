-- Lead time: from commit to deployed
-- Minutes from the Git commit to the end of the execution that deployed it. Only Git triggers of V2 pipelines name the commit.
-- The median and the 90th percentile are approximate on Athena; time spent waiting for approvals is in them (see approval_wait).
-- param days int = 30  how many days back
-- param pipeline string = ''  one pipeline, or all
select
  pipeline,
  count(*) as deployments,
  approx_percentile(minutes, 0.5) as median_minutes,
  approx_percentile(minutes, 0.9) as p90_minutes,
  max(minutes) as longest_minutes
from (
  select distinct pipeline, executionid, date_diff('minute', committime, event_time) as minutes
  from pipeline_execution_state_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and state = 'SUCCEEDED'
    and committime is not null
    and (:pipeline = '' or pipeline = :pipeline)
)
group by pipeline
order by median_minutes desc, pipeline
