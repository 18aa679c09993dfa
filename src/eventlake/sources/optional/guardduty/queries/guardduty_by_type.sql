-- Which kinds of findings there are
-- Findings of the last days by type: how many, how bad, in how many accounts, and the newest.
-- param days int = 30  how many days back
select
  type,
  count(distinct finding_id) as findings,
  max(severity) as worst,
  count(distinct account_id) as accounts,
  max(event_time) as last_time
from guardduty_finding
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
group by type
order by worst desc, findings desc, type
