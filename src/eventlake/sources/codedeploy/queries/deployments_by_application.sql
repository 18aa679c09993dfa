-- How often each application is deployed
-- Deployments that ended, by week, application and group: how many, and what part failed (two of DORA's four numbers).
-- param days int = 90  days to look back
SELECT date_trunc('week', event_time) AS week,
       application,
       deploymentGroup,
       count(DISTINCT IF(state = 'SUCCESS', deploymentId)) AS succeeded,
       count(DISTINCT IF(state = 'FAILURE', deploymentId)) AS failed,
       round(100e0 * count(DISTINCT IF(state = 'FAILURE', deploymentId)) / count(DISTINCT deploymentId), 1) AS failed_percent
FROM codedeploy_event_logs.deployment_state_change
WHERE "date" >= date_add('day', -:days, current_date)
  AND state IN ('SUCCESS', 'FAILURE')
GROUP BY 1, application, deploymentGroup
ORDER BY week DESC, application, deploymentGroup
