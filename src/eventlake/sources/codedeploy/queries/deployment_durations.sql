-- Deployments, and how long each took
-- Every deployment that started in the last days: its last state and the seconds from its start to its end, NULL while it runs.
-- param days int = 7  days to look back
SELECT deploymentId,
       application,
       deploymentGroup,
       min(IF(state = 'START', event_time)) AS started,
       max_by(state, event_time) AS last_state,
       date_diff('second', min(IF(state = 'START', event_time)), max(IF(state IN ('SUCCESS', 'FAILURE', 'STOP'), event_time))) AS seconds
FROM codedeploy_event_logs.deployment_state_change
WHERE "date" >= date_add('day', -:days, current_date)
GROUP BY deploymentId, application, deploymentGroup
ORDER BY started DESC
