-- Logins by organization
-- For tenants whose customers are companies: which of them log in, how many of their people, and when the last one did.
-- param days int = 30  how many days back
select
  organization_name,
  organization_id,
  count(distinct coalesce(log_id, event_id)) as logins,
  count(distinct user_id) as users,
  max(event_time) as last_login
from auth0_logs
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and type = 's'
  and organization_id is not null
group by organization_name, organization_id
order by logins desc, organization_name, organization_id
