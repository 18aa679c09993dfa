-- Instances on which deployments fail
-- Instances with failed deployments in the last days, the worst first: one that fails alone is broken, many at once point to the revision.
-- param days int = 30  how many days back
select
  instance,
  application,
  deploymentgroup,
  count(distinct if(state = 'FAILURE', deploymentid)) as failed,
  count(distinct deploymentid) as deployments,
  max(if(state = 'FAILURE', event_time)) as last_failure
from instance_state_change
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
group by instance, application, deploymentgroup
having count_if(state = 'FAILURE') > 0
order by failed desc, instance, application, deploymentgroup
