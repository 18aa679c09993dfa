-- Protection that was taken away
-- Changes that switch attack protection or a second factor off, let an application change users, or delete a log stream.
-- Each of them is rare and worth a question to whoever made it.
-- param days int = 30  how many days back
with changes as (
  select distinct
    coalesce(log_id, event_id) as log_id,
    event_time,
    coalesce(json_extract_scalar(details, '$.request.auth.user.email'), client_name) as who,
    ip,
    description,
    json_extract_scalar(details, '$.request.method') as method,
    json_extract_scalar(details, '$.request.path') as path,
    coalesce(json_extract_scalar(details, '$.response.body.enabled'), json_extract_scalar(details, '$.request.body.enabled')) as enabled,
    json_format(json_extract(details, '$.request.body')) as body
  from auth0_logs
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and type = 'sapi'
),
judged as (
  select
    log_id, event_time, who, ip, description, path,
    case
      when path like '/api/v2/attack-protection/%' and enabled = 'false' then regexp_extract(path, '[^/]+$')
      when path in ('/api/v2/guardian/policies', '/api/v2/mfa/policies') and body = '[]' then 'multi-factor policy'
      when path like '/api/v2/guardian/factors/%' and enabled = 'false' then 'second factor'
      when path like '/api/v2/client-grants%' and regexp_like(body, '"(create|update|delete):(users|clients|client_grants|roles)"') then 'client grant'
      when path like '/api/v2/log-streams/%' and method = 'DELETE' then 'log stream'
    end as weakened
  from changes
)
select event_time, who, ip, weakened, description, path
from judged
where weakened is not null
order by event_time desc, log_id
