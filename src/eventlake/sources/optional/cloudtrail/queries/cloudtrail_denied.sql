-- Who was denied what
-- Calls of the last days that were not allowed, by user and API: often a policy that misses something, sometimes somebody who tries doors.
-- param days int = 7  how many days back
select
  user_arn,
  event_source,
  event_name,
  count(distinct event_id) as calls,
  max(source_ip) as an_address,
  max(event_time) as last_time
from cloudtrail_api_call
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and (error_code like '%AccessDenied%' or error_code like '%Unauthorized%')
group by user_arn, event_source, event_name
order by calls desc, user_arn, event_source, event_name
