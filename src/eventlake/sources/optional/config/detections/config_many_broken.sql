-- A rule that many resources broke at once
-- Many resources began to break one rule within the hour: a template, a role or an account was changed.
-- Single ones are for the rule's owner to look at, not for an alert.
-- severity medium
-- every 15m
-- window 1h
-- key the rule and the account
-- param resources int = 10  a deployment touches a handful
-- do Look at who changed what just before first_event; CloudTrail knows.
select
  rule_name || ' ' || owner_account as key,
  count(distinct resource_id) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  max(resource_type) as resource_type,
  max(resource_id) as a_resource
from config_compliance_change
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :since
  and event_time < :until
  and compliance = 'NON_COMPLIANT'
  and previous_compliance = 'COMPLIANT'
group by rule_name || ' ' || owner_account
having count(distinct resource_id) >= :resources
