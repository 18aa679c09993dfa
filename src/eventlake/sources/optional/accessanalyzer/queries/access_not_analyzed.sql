-- What could not be looked at
-- Resources of the last days whose finding is an error, so that nobody knows who may use them.
-- param days int = 90  how many days back
select
  resource,
  error,
  count(distinct event_id) as times,
  max(event_time) as last_time
from access_finding
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and error <> ''
group by resource, error
order by last_time desc, resource, error
