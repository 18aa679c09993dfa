-- What was suppressed, by whom and why
-- Findings that somebody suppressed in the last days, with the note.
-- param days int = 30  how many days back
select
  finding_id,
  max(title) as title,
  max(resource_id) as resource_id,
  max_by(note, row(event_time, event_id)) as note,
  max_by(note_by, row(event_time, event_id)) as note_by,
  max(event_time) as last_time
from securityhub_finding
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and workflow_status = 'SUPPRESSED'
group by finding_id
order by last_time desc, finding_id
