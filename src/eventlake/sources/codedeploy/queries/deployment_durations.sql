-- Deployments, and how long each took
-- Every deployment that started in the last days: its last state and the seconds from its start to its end, NULL while it runs.
-- param days int = 7  how many days back
select
  deploymentid,
  application,
  deploymentgroup,
  min(if(state = 'START', event_time)) as started,
  max_by(state, row(event_time, if(state = 'START', 0, 1), event_id)) as last_state,
  date_diff('second', min(if(state = 'START', event_time)), max(if(state in ('SUCCESS', 'FAILURE', 'STOP'), event_time))) as seconds
from deployment_state_change
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
group by deploymentid, application, deploymentgroup
order by started desc, deploymentid, application, deploymentgroup
