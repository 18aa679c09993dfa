-- Somebody switched the witnesses off
-- A call that stops or deletes a trail, a detector, a recorder or a flow log went well: what comes next is not seen.
-- Once is told: nobody does that every day.
-- severity critical
-- every 5m
-- window 1h
-- quiet 1d
-- key who did it
-- do Ask them now; if they know nothing of it, take the session away and switch the trail on again.
select
  user_arn as key,
  count(distinct event_id) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  array_join(array_sort(array_agg(distinct event_name)), ', ') as calls,
  max(source_ip) as source_ip
from cloudtrail_api_call
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :since
  and event_time < :until
  and event_name in ('StopLogging', 'DeleteTrail', 'DeleteDetector', 'StopConfigurationRecorder', 'DeleteFlowLogs', 'DisableSecurityHub')
  and error_code is null
group by user_arn
