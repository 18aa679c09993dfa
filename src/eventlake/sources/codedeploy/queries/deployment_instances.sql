-- What one deployment did on each instance
-- The last state of every instance of a deployment, and the seconds it took there.
-- param deployment string  id of the deployment, such as d-A1B2C3D4E
-- param days int = 30  how many days back
select
  instance,
  max_by(state, row(event_time, if(state = 'START', 0, 1), event_id)) as last_state,
  min(event_time) as started,
  date_diff('second', min(event_time), max(event_time)) as seconds
from instance_state_change
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and deploymentid = :deployment
group by instance
order by seconds desc, instance
