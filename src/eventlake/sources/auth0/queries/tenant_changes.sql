-- Who changed what in the tenant
-- Calls of the Management API that changed something (sapi) or read a secret (mgmt_api_read): by whom, or by which application, and from where.
-- param days int = 7  how many days back
-- param who string = ''  an administrator's address or an application, or all
-- param top int = 200  how many to show, the latest first
select event_time, who, ip, description, method, path, status, type
from (
  select distinct
    coalesce(log_id, event_id) as log_id,
    event_time,
    type,
    coalesce(json_extract_scalar(details, '$.request.auth.user.email'), client_name) as who,
    ip,
    description,
    json_extract_scalar(details, '$.request.method') as method,
    json_extract_scalar(details, '$.request.path') as path,
    json_extract_scalar(details, '$.response.statusCode') as status
  from auth0_logs
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and type in ('sapi', 'mgmt_api_read')
)
where :who = '' or who = :who
order by event_time desc, log_id
limit :top
