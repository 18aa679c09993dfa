-- Which rules are broken now
-- Resources whose last change in the last days was to break a rule, by rule; since when the oldest of them does.
-- param days int = 90  how many days back
select
  rule_name,
  count(*) as resources,
  min(since) as since
from (
  select rule_name, resource_type, resource_id, owner_account, max(event_time) as since
  from config_compliance_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
  group by rule_name, resource_type, resource_id, owner_account
  having max_by(compliance, row(event_time, event_id)) = 'NON_COMPLIANT'
)
group by rule_name
order by resources desc, rule_name
