-- A critical finding in Security Hub
-- A finding that Security Hub calls critical came in, and nobody has taken it up.
-- Once is told: what is resolved, suppressed or archived is not.
-- severity high
-- every 15m
-- window 1h
-- quiet 7d
-- key the finding
-- do Open the finding and follow its remediation; suppress it with a note if it is meant so.
select
  finding_id as key,
  count(distinct event_id) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  max(title) as title,
  max(product) as product,
  max(resource_id) as resource
from securityhub_finding
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :since
  and event_time < :until
  and severity = 'CRITICAL'
  and workflow_status = 'NEW'
  and record_state = 'ACTIVE'
group by finding_id
