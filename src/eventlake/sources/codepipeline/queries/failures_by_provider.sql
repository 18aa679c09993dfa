-- Failures by provider
-- How often the actions of each provider (CodeBuild, CodeDeploy, Manual, ...) fail, over all pipelines: whose trouble it is.
-- Before 2023 actions had no id: each event of their end is a run.
-- param days int = 30  how many days back
select
  category,
  provider,
  count(distinct run) as runs,
  count(distinct case when state = 'FAILED' then run end) as failed,
  round(100e0 * count(distinct case when state = 'FAILED' then run end) / count(distinct run), 1) as failed_percent,
  count(distinct case when state = 'FAILED' then pipeline end) as pipelines_affected
from (
  select pipeline, type.category as category, type.provider as provider, coalesce(actionexecutionid, event_id) as run, state
  from action_execution_state_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and state in ('SUCCEEDED', 'FAILED')
)
group by category, provider
order by failed desc, category, provider
