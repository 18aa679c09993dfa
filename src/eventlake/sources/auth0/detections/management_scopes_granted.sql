-- An application may change the tenant
-- A client grant gives an application the right to create, change or delete users, applications, grants, roles, log streams, actions or protection.
-- Once is told: such grants are rare, and one is enough to take the tenant.
-- severity high
-- every 15m
-- window 1h
-- key who did it
-- do Ask who did it which application needs that; take the grant back if none does, and rotate the application's secret.
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
where path like '%/client-grants%'
  and method in ('post', 'patch')
  and regexp_like(body, '"(create|update|delete):(users|clients|client_grants|roles|attack_protection|log_streams|actions)"')
group by who
