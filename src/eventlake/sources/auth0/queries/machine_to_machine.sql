-- Tokens for machines
-- Applications that get access tokens by themselves (client credentials): for which API, how many, how often refused, from how many addresses.
-- A secret that has leaked shows as a new address; each token costs.
-- param days int = 7  how many days back
select
  client_name,
  client_id,
  audience,
  count(distinct case when type = 'seccft' then coalesce(log_id, event_id) end) as tokens,
  count(distinct case when type = 'feccft' then coalesce(log_id, event_id) end) as refused,
  count(distinct ip) as addresses,
  max(event_time) as last_seen
from auth0_logs
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and type in ('seccft', 'feccft')
group by client_name, client_id, audience
order by tokens desc, client_name, client_id, audience
