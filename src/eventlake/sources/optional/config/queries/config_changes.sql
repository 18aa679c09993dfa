-- What changes most
-- Recorded changes of the last days by kind of resource and of change, with the newest resource.
-- param days int = 7  how many days back
select
  resource_type,
  change_type,
  count(distinct event_id) as changes,
  count(distinct resource_id) as resources,
  max_by(resource_id, row(event_time, event_id)) as last_resource,
  max(event_time) as last_time
from config_item_change
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
group by resource_type, change_type
order by changes desc, resource_type, change_type
