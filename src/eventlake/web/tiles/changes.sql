-- Changes of the tenant
-- Who used the Management API to change something: what it became, what it had become the time before, and whether protection was taken away.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
with entries as (
  select distinct coalesce(log_id, event_id) as log_id, event_time, client_name, ip, description, details
  from auth0_logs
  where "date" >= :since and event_time >= :start and event_time < :end and type = 'sapi'
),
calls as (
  select distinct
    log_id, event_time,
    coalesce(json_extract_scalar(details, '$.request.auth.user.email'), client_name) as who,
    ip, description,
    json_extract_scalar(details, '$.request.method') as method,
    json_extract_scalar(details, '$.request.path') as path,
    coalesce(json_extract_scalar(details, '$.response.body.enabled'), json_extract_scalar(details, '$.request.body.enabled')) as enabled,
    json_format(json_extract(details, '$.request.body')) as body
  from entries
)
select
  event_time, who, ip, description, method, path,
  case
    when path like '/api/v2/attack-protection/%' and enabled = 'false' then regexp_extract(path, '[^/]+$')
    when path in ('/api/v2/guardian/policies', '/api/v2/mfa/policies') and body = '[]' then 'multi-factor policy'
    when path like '/api/v2/guardian/factors/%' and enabled = 'false' then 'second factor'
    when path like '/api/v2/client-grants%' and regexp_like(body, '"(create|update|delete):(users|clients|client_grants|roles)"') then 'client grant'
    when path like '/api/v2/log-streams/%' and method = 'DELETE' then 'log stream'
  end as weakened,
  lag(body) over (partition by path order by event_time, log_id) as body_before,
  body as body_after
from calls
order by event_time desc, description, log_id
limit 200
