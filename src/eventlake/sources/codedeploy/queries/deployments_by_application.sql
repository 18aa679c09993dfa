-- How often each application is deployed
-- Deployments that ended, by week, application and group: how many, and what part failed (two of DORA's four numbers).
-- param days int = 90  how many days back
select
  date_trunc('week', event_time) as week,
  application,
  deploymentgroup,
  count(distinct if(state = 'SUCCESS', deploymentid)) as succeeded,
  count(distinct if(state = 'FAILURE', deploymentid)) as failed,
  round(100e0 * count(distinct if(state = 'FAILURE', deploymentid)) / count(distinct deploymentid), 1) as failed_percent
from deployment_state_change
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and state in ('SUCCESS', 'FAILURE')
group by 1, application, deploymentgroup
order by week desc, application, deploymentgroup
