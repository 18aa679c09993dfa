-- Whom Auth0 blocked
-- limit_wc: an address, for one account, after too many wrong passwords. limit_mu: an address, for all. limit_sul: an account that logs in too often.
-- param days int = 7  how many days back
select
  type,
  ip,
  case when type = 'limit_mu' then null else user_name end as user_name,
  count(distinct coalesce(log_id, event_id)) as blocks,
  min(event_time) as first_block,
  max(event_time) as last_block
from auth0_logs
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and type in ('limit_wc', 'limit_mu', 'limit_sul')
group by type, ip, case when type = 'limit_mu' then null else user_name end
order by last_block desc, type, ip
