-- Where builds spend their time
-- Seconds that each phase took, by project, over the last days.
-- param days int = 30  days to look back
SELECT project_name,
       completed_phase,
       count(*) AS times,
       round(avg(completed_phase_duration_seconds), 1) AS mean_s,
       max(completed_phase_duration_seconds) AS longest_s
FROM codebuild_event_logs.build_phase_change
WHERE "date" >= date_add('day', -:days, current_date)
GROUP BY project_name, completed_phase
ORDER BY project_name, mean_s DESC
