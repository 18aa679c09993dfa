-- Open alerts
-- The alerts of the window that are not resolved, as they were told last; the most severe first.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
with told as (
  select
    alert_id, detection, key,
    max_by(state, row(event_time, if(state = 'resolved', 1, 0), event_id)) as state,
    max_by(severity, event_time) as severity,
    max(events) as events, min(opened) as opened, max(last_event) as last_event, max_by(advice, event_time) as advice
  from alerts
  where "date" >= :since and event_time >= :start and event_time < :end
  group by alert_id, detection, key
)
select severity, detection, key, events, opened, last_event, advice
from told
where state <> 'resolved'
order by array_position(array['critical', 'high', 'medium', 'low', 'information'], severity), last_event desc, key
limit 100
