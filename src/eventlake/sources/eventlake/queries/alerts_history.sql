-- Alerts of the last days
-- Each alert that was told in the last days: when it opened and was resolved, its events at the most, and how often it was told.
-- param days int = 30  how many days back
-- param detection string = ''  one detection, or all
-- param key string = ''  one address, user or pipeline, or all
select
  min(opened) as opened,
  max(if(state = 'resolved', event_time)) as resolved,
  max_by(severity, event_time) as severity,
  detection,
  key,
  max(events) as events,
  min(first_event) as first_event,
  max(last_event) as last_event,
  count(distinct event_id) as tellings,
  alert_id
from alerts
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and (:detection = '' or detection = :detection)
  and (:key = '' or key = :key)
group by alert_id, detection, key
order by opened desc, alert_id
