-- Instances on which deployments fail
-- Instances with failed deployments in the last days, the worst first: one that fails alone is broken, many at once point to the revision.
-- param days int = 30  days to look back
SELECT instance,
       application,
       deploymentGroup,
       count(DISTINCT IF(state = 'FAILURE', deploymentId)) AS failed,
       count(DISTINCT deploymentId) AS deployments,
       max(IF(state = 'FAILURE', event_time)) AS last_failure
FROM codedeploy_event_logs.instance_state_change
WHERE "date" >= date_add('day', -:days, current_date)
GROUP BY instance, application, deploymentGroup
HAVING count_if(state = 'FAILURE') > 0
ORDER BY failed DESC, instance
