-- What others may use now
-- Resources with an active finding of access from outside in the last days: who, what they may do, and whether everybody may.
-- param days int = 90  how many days back
select
  finding_id,
  max(resource) as resource,
  max(owner_account) as owner_account,
  max_by(principal, row(event_time, event_id)) as principal,
  max_by(actions, row(event_time, event_id)) as actions,
  bool_or(is_public) as is_public,
  max(event_time) as last_time
from access_finding
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and kind = 'Access Analyzer Finding'
group by finding_id
having max_by(status, row(event_time, event_id)) = 'ACTIVE'
  and not max_by(is_deleted, row(event_time, event_id))
order by is_public desc, resource, finding_id
