-- Which controls fail, and on how many resources
-- Controls that were checked in the last days, with the resources that failed and passed at their last check.
-- param days int = 30  how many days back
select
  control_id,
  max(title) as title,
  count_if(status = 'FAILED') as failed,
  count_if(status = 'PASSED') as passed
from (
  select
    control_id,
    resource_id,
    max(title) as title,
    max_by(compliance_status, row(event_time, event_id)) as status
  from securityhub_finding
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and control_id <> ''
  group by control_id, resource_id
)
group by control_id
order by failed desc, control_id
