-- Who changed the lake
-- Erasures, holds, redrives, and whatever else is no question, of the last days, the newest first.
-- param days int = 30  how many days back
select event_time, who, via, action, outcome, problem
from audit
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and action <> 'query'
  and action not like 'page %'
order by event_time desc
