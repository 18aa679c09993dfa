-- Which services had issues
-- Issues of the last days by service and region: how many, how many of them only this account's, the newest.
-- param days int = 90  how many days back
select
  service,
  affected_region,
  count(distinct health_event_arn) as issues,
  count(distinct case when scope = 'ACCOUNT_SPECIFIC' then health_event_arn end) as own,
  max(event_time) as last_time
from health_event
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and category = 'issue'
group by service, affected_region
order by issues desc, service, affected_region
