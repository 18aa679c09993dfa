-- How deployments of services went
-- Deployments of the last days by service: how many were completed, how many failed, and why the last one did.
-- param days int = 30  how many days back
select
  service_arn,
  count(distinct case when event_name = 'SERVICE_DEPLOYMENT_COMPLETED' then deployment_id end) as completed,
  count(distinct case when event_name = 'SERVICE_DEPLOYMENT_FAILED' then deployment_id end) as failed,
  max_by(case when event_name = 'SERVICE_DEPLOYMENT_FAILED' then reason end, row(event_name = 'SERVICE_DEPLOYMENT_FAILED', event_time, event_id)) as last_failure,
  max(event_time) as last_time
from ecs_deployment_state_change
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
group by service_arn
order by failed desc, service_arn
