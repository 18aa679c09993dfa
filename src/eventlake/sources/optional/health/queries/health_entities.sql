-- Which resources AWS speaks of
-- Each affected resource of the last days with the event, its last status, and when it begins.
-- param days int = 90  how many days back
select
  json_extract_scalar(entity, '$.entityValue') as entity,
  service,
  event_type,
  max_by(status, row(event_time, event_id)) as status,
  max_by(start_time, row(event_time, event_id)) as start_time
from (
  select service, event_type, status, start_time, event_time, event_id, cast(json_parse(entities) as array(json)) as list
  from health_event
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and entities <> ''
)
cross join unnest(list) as t (entity)
group by json_extract_scalar(entity, '$.entityValue'), service, event_type
order by start_time desc, entity, event_type
