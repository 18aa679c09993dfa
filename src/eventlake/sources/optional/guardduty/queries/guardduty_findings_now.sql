-- Findings that are not put away, the worst first
-- The last state of each finding of the last days, with what it is about. Archived ones are left out.
-- param days int = 30  how many days back
select
  finding_id,
  max_by(type, row(event_time, event_id)) as type,
  max(severity) as severity,
  max_by(title, row(event_time, event_id)) as title,
  max(account_id) as account_id,
  max_by(coalesce(user_name, instance_id, bucket, cluster), row(event_time, event_id)) as about,
  max(times) as times,
  max(event_time) as last_time
from guardduty_finding
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
group by finding_id
having not max_by(archived, row(event_time, event_id))
order by severity desc, last_time desc, finding_id
