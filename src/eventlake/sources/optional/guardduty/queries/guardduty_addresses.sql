-- Which addresses findings name
-- Addresses that the activity came from or went to, with their country and what was found of them.
-- param days int = 30  how many days back
select
  remote_ip,
  max(remote_country) as country,
  count(distinct finding_id) as findings,
  array_join(array_sort(array_agg(distinct type)), ', ') as types,
  max(event_time) as last_time
from guardduty_finding
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and remote_ip <> ''
group by remote_ip
order by findings desc, remote_ip
