-- A log stream stopped or narrowed
-- Somebody deletes or pauses a log stream of the tenant, or has it leave entries out: what happens next is seen by nobody.
-- severity critical
-- every 5m
-- window 1h
-- key who did it
-- do Ask who did it whether they meant to; if not, lock the account, start the stream again, and fill the gap with backfill auth0-api.
select
  who as key,
  count(distinct log_id) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  array_join(array_sort(array_agg(distinct method || ' ' || path)), ', ') as calls,
  max(ip) as ip
from (
  select
    coalesce(log_id, event_id) as log_id,
    event_time,
    ip,
    coalesce(json_extract_scalar(details, '$.request.auth.user.email'), client_name) as who,
    lower(json_extract_scalar(details, '$.request.method')) as method,
    json_extract_scalar(details, '$.request.path') as path,
    json_format(json_extract(details, '$.request.body')) as body
  from auth0_logs
  where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
    and event_time >= :since
    and event_time < :until
    and type = 'sapi'
) calls
where path like '%/log-streams/%'
  and (method = 'delete' or body like '%"status":"paused"%' or body like '%"filters"%' or body like '%"pii_config"%')
group by who
