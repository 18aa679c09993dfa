-- What nobody uses
-- Roles and users with an active finding of unused access in the last days, and how much of it there is.
-- param days int = 90  how many days back
select
  resource,
  finding_type,
  max_by(unused_services, row(event_time, event_id)) as unused_services,
  max_by(unused_actions, row(event_time, event_id)) as unused_actions,
  max(event_time) as last_time
from access_finding
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and kind = 'Unused Access Finding for IAM entities'
group by resource, finding_type
having max_by(status, row(event_time, event_id)) = 'ACTIVE'
order by unused_actions desc, resource, finding_type
