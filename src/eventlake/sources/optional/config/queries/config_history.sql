-- What happened to one resource
-- Every recorded change of a resource in the last days, the newest first, with what changed.
-- param days int = 90  how many days back
-- param resource string  id of the resource, such as sg-0a1b2c3d4e5f60718
select distinct
  event_time,
  event_id,
  change_type,
  item_status,
  changed,
  tags
from config_item_change
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and resource_id = :resource
order by event_time desc, event_id
