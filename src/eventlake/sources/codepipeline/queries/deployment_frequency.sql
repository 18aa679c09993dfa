-- How often each pipeline deploys
-- A deployment is an execution that succeeded; `per_day` is their number divided by the days asked for, weekends included.
-- A rollback counts: it puts a version into production too. An event that was delivered twice counts once.
-- param days int = 30  how many days back
-- param pipeline string = ''  one pipeline, or all
select
  pipeline,
  count(distinct executionid) as deployments,
  round(cast(count(distinct executionid) as double) / :days, 2) as per_day,
  count(distinct date_trunc('day', event_time)) as days_with_deployments,
  max(event_time) as last_deployment
from pipeline_execution_state_change
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and state = 'SUCCEEDED'
  and (:pipeline = '' or pipeline = :pipeline)
group by pipeline
order by deployments desc, pipeline
