-- Failures by provider
-- How often the actions of each provider (CodeBuild, CodeDeploy, Manual, ...) fail, over all pipelines: whose trouble it is.
-- param days int = 30  how many days back
select
  type.category as category,
  type.provider as provider,
  count(distinct actionexecutionid) as runs,
  count(distinct case when state = 'FAILED' then actionexecutionid end) as failed,
  round(100e0 * count(distinct case when state = 'FAILED' then actionexecutionid end) / count(distinct actionexecutionid), 1) as failed_percent,
  count(distinct case when state = 'FAILED' then pipeline end) as pipelines_affected
from action_execution_state_change
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and state in ('SUCCEEDED', 'FAILED')
group by type.category, type.provider
order by failed desc, category, provider
