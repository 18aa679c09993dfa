-- Open alerts
-- The alerts of the last days that are not resolved, as they were told last; the most severe first.
-- param days int = 30  how many days back
with told as (
  select
    alert_id,
    max_by(row(state, severity, detection, key, events, opened, first_event, last_event, advice, event_time), row(event_time, if(state = 'resolved', 1, 0), event_id)) as last,
    max(events) as events,
    count(distinct event_id) as tellings
  from alerts
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
  group by alert_id
)
select
  last[2] as severity,
  last[3] as detection,
  last[4] as key,
  events,
  last[6] as opened,
  last[7] as first_event,
  last[8] as last_event,
  tellings,
  last[9] as advice,
  alert_id
from told
where last[1] <> 'resolved'
order by array_position(array['critical', 'high', 'medium', 'low', 'information'], last[2]), last[8] desc, alert_id
