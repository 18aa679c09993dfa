-- A deployment failed or was stopped
-- A deployment to a group ended in FAILURE or STOP: instances may run different versions now.
-- Once is told: nobody else tells of it.
-- severity high
-- every 5m
-- window 1h
-- key the application and the deployment group
-- do Look at failing_instances; deploy again, or roll back.
select
  application || ' ' || deploymentgroup as key,
  count(distinct deploymentid) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  array_join(array_sort(array_agg(distinct state)), ', ') as states
from deployment_state_change
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :since
  and event_time < :until
  and state in ('FAILURE', 'STOP')
group by application || ' ' || deploymentgroup
