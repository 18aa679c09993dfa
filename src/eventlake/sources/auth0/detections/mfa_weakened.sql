-- The second factor switched off
-- No login asks for a second factor any more, a kind of factor is disabled, or the assessment of risk is.
-- Once is told: who weakens it does so once.
-- severity high
-- every 5m
-- window 1h
-- key who did it
-- do Ask who did it whether they meant to; switch it on again, and look at the logins without a second factor since.
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
    coalesce(json_extract_scalar(details, '$.response.body.enabled'), json_extract_scalar(details, '$.request.body.enabled')) as enabled,
    json_format(json_extract(details, '$.request.body')) as body
  from auth0_logs
  where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
    and event_time >= :since
    and event_time < :until
    and type = 'sapi'
) calls
where (path like '%/guardian/policies' and body = '[]')
  or (path like '%/guardian/factors/%' and enabled = 'false')
  or (path like '%/risk-assessments/%' and body like '%false%')
group by who
