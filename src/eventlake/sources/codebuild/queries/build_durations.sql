-- How long builds take, by project
-- Of the builds that ended in the last days: how many, what part succeeded, and their duration from submission to end, in seconds.
-- param days int = 30  days to look back
SELECT project_name,
       count(DISTINCT build_id) AS builds,
       round(100e0 * count(DISTINCT IF(build_status = 'SUCCEEDED', build_id)) / count(DISTINCT build_id), 1) AS succeeded_percent,
       approx_percentile(date_diff('second', start_time, event_time), 0.5e0) AS median_s,
       approx_percentile(date_diff('second', start_time, event_time), 0.95e0) AS p95_s,
       max(date_diff('second', start_time, event_time)) AS longest_s
FROM codebuild_event_logs.build_state_change
WHERE "date" >= date_add('day', -:days, current_date)
  AND build_complete
GROUP BY project_name
ORDER BY median_s DESC
