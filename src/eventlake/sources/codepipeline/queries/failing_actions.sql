-- Which actions fail, and what they say
-- Failures of each action with the error text of the last one. A rejected approval is a failure of category Approval:
-- its error code is that of a broken build, and only the text tells why. Before 2023 actions had no id: each event of theirs is a failure.
-- param days int = 7  how many days back
-- param pipeline string = ''  one pipeline, or all
select
  pipeline,
  stage,
  action,
  type.category as category,
  type.provider as provider,
  count(distinct coalesce(actionexecutionid, event_id)) as failures,
  max(event_time) as last_failure,
  max_by(errorcode, row(event_time, event_id)) as last_code,
  max_by(summary, row(event_time, event_id)) as last_error
from action_execution_state_change
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and state = 'FAILED'
  and (:pipeline = '' or pipeline = :pipeline)
group by pipeline, stage, action, type.category, type.provider
order by failures desc, pipeline, stage, action, category, provider
