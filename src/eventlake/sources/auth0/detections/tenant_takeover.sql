-- One administrator removes the others
-- Within a day and a bit, one account removes several members of the tenant, and invites an owner: the way a tenant is stolen for good.
-- severity critical
-- every 1h
-- window 30h
-- key who did it
-- param members int = 2  one leaves now and then; two within a day while an owner comes is no ordinary change
-- do Call the other administrators at once, and Auth0's support: only they can give the tenant back.
select
  who as key,
  count(distinct log_id) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  count(distinct case when description = 'Delete tenant member' then log_id end) as removed,
  max(ip) as ip
from (
  select
    coalesce(log_id, event_id) as log_id,
    event_time,
    ip,
    coalesce(json_extract_scalar(details, '$.request.auth.user.email'), client_name) as who,
    lower(json_extract_scalar(details, '$.request.method')) as method,
    json_extract_scalar(details, '$.request.path') as path,
    description,
    json_format(json_extract(details, '$.request.body')) as body
  from auth0_logs
  where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
    and event_time >= :since
    and event_time < :until
    and type = 'sapi'
) calls
where description in ('Delete tenant member', 'Create tenant invitations for a given client')
group by who
having count(distinct case when description = 'Delete tenant member' then log_id end) >= :members
  and count(case when description <> 'Delete tenant member' and body like '%owner%' then 1 end) > 0
