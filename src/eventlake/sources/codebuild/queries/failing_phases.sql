-- Which phases fail, and what they say
-- Failures of phases over the last days, the most frequent first, with the newest message of each.
-- param days int = 30  how many days back
-- param project string = ''  one project, or all
select
  project_name,
  completed_phase,
  completed_phase_status,
  count(distinct coalesce(build_id, event_id)) as builds,
  max(event_time) as last_time,
  max_by(completed_phase_context, row(event_time, event_id)) as last_message,
  max_by(logs_url, row(event_time, event_id)) as last_log
from build_phase_change
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and completed_phase_status <> 'SUCCEEDED'
  and (:project = '' or project_name = :project)
group by project_name, completed_phase, completed_phase_status
order by builds desc, project_name, completed_phase
