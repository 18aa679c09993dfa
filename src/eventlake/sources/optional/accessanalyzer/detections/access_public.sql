-- A resource that everybody may use
-- Access Analyzer found a resource that is open to the whole world.
-- Once is told: sites that are meant so are archived by a rule of the analyzer, and then not told.
-- severity high
-- every 15m
-- window 1d
-- quiet 7d
-- key the resource
-- do Close it, or archive the finding if it is meant so.
select
  resource as key,
  count(distinct finding_id) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  max(actions) as actions,
  max(owner_account) as owner_account
from access_finding
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :since
  and event_time < :until
  and is_public
  and status = 'ACTIVE'
  and not is_deleted
group by resource
