-- Findings that are open, the worst first
-- The last state of each finding of the last days that is active and that nobody resolved or suppressed; checks that passed are left out.
-- param days int = 30  how many days back
select
  finding_id,
  max_by(severity, row(event_time, event_id)) as severity,
  max_by(severity_normalized, row(event_time, event_id)) as score,
  max_by(product, row(event_time, event_id)) as product,
  max_by(title, row(event_time, event_id)) as title,
  max_by(resource_id, row(event_time, event_id)) as resource_id,
  max(account_id) as account_id,
  max(event_time) as last_time
from securityhub_finding
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
group by finding_id
having max_by(record_state, row(event_time, event_id)) = 'ACTIVE'
  and max_by(workflow_status, row(event_time, event_id)) in ('NEW', 'NOTIFIED')
  and coalesce(max_by(compliance_status, row(event_time, event_id)), '') <> 'PASSED'
order by score desc, last_time desc, finding_id
