-- Secrets read by somebody new
-- The secret of an application was read through the Management API by somebody who did not do so in the 30 days before.
-- Tools that read secrets every night are known by that, and not told.
-- severity medium
-- every 15m
-- window 1h
-- history 30d
-- key who read it
-- do Ask who did it what for; rotate the secrets if nobody knows.
select
  who as key,
  count(distinct log_id) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  max(ip) as ip
from (
  select
    coalesce(log_id, event_id) as log_id,
    event_time,
    ip,
    coalesce(json_extract_scalar(details, '$.request.auth.user.email'), client_name) as who
  from auth0_logs
  where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
    and event_time >= :before
    and event_time < :until
    and type in ('mgmt_api_read', 'sapi')
    and json_format(json_extract(details, '$.accessedSecrets')) like '%client_secret%'
) reads
group by who
having min(event_time) >= :since
