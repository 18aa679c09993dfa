-- AWS found a key of the account in public
-- AWS Health tells that credentials are exposed or the account is abused; it may shut things down if nobody answers.
-- Once is told: every minute counts.
-- severity critical
-- every 5m
-- window 1h
-- quiet 1d
-- key the account and the type of the event
-- do Disable the key named; look with CloudTrail at what it did; answer AWS's support case.
select
  coalesce(affected_account, account) || ' ' || event_type as key,
  count(distinct health_event_arn) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  max(first_entity) as entity,
  max(description) as description
from health_event
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :since
  and event_time < :until
  and service in ('RISK', 'ABUSE')
  and status <> 'closed'
group by coalesce(affected_account, account) || ' ' || event_type
