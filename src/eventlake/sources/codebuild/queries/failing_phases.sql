-- Which phases fail, and what they say
-- Failures of phases over the last days, the most frequent first, with the newest message of each.
-- param days int = 30  days to look back
-- param project string = ''  one project, or all if it is empty
SELECT project_name,
       completed_phase,
       completed_phase_status,
       count(DISTINCT build_id) AS builds,
       max(event_time) AS last_time,
       max_by(completed_phase_context, event_time) AS last_message,
       max_by(logs_url, event_time) AS last_log
FROM codebuild_event_logs.build_phase_change
WHERE "date" >= date_add('day', -:days, current_date)
  AND completed_phase_status <> 'SUCCEEDED'
  AND (:project = '' OR project_name = :project)
GROUP BY project_name, completed_phase, completed_phase_status
ORDER BY builds DESC, project_name, completed_phase
