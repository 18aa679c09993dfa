-- What one deployment did on each instance
-- The last state of every instance of a deployment, and the seconds it took there.
-- param deployment string  id of the deployment, such as d-A1B2C3D4E
-- param days int = 30  days to look back
SELECT instance,
       max_by(state, event_time) AS last_state,
       min(event_time) AS started,
       date_diff('second', min(event_time), max(event_time)) AS seconds
FROM codedeploy_event_logs.instance_state_change
WHERE "date" >= date_add('day', -:days, current_date)
  AND deploymentId = :deployment
GROUP BY instance
ORDER BY seconds DESC, instance
