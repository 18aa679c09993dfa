-- What one user changed
-- Calls of the last days by one user that went well and do not only read, the newest first.
-- param days int = 7  how many days back
-- param who string  a part of the user's ARN: a name, a role, a session
select distinct
  event_time,
  event_id,
  event_source,
  event_name,
  region,
  source_ip,
  request
from cloudtrail_api_call
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and not read_only
  and error_code is null
  and user_arn like '%' || :who || '%'
order by event_time desc, event_id
