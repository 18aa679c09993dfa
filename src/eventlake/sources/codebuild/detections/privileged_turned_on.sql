-- Builds that rule their machine
-- A build project runs privileged that did not in the 30 days before: what it builds can take the host, and the role with it.
-- severity high
-- every 1h
-- window 1d
-- history 30d
-- briefly 7d
-- quiet 7d
-- key the project
-- do Ask who changed the project, and for what; building images needs it, little else does.
with builds as (
  select project_name, privileged_mode, min(event_time) as first_seen, max(event_time) as last_seen, count(distinct build_id) as builds, max(image) as image
  from build_state_change
  where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
    and event_time >= :before
    and event_time < :until
  group by project_name, privileged_mode
)
select
  fresh.project_name as key,
  fresh.builds as events,
  fresh.first_seen as first_event,
  fresh.last_seen as last_event,
  fresh.image
from builds fresh
left join builds old on old.project_name = fresh.project_name
  and old.first_seen < :since
where fresh.privileged_mode
  and fresh.first_seen >= :since
  and (:before > date_add('day', -30, :since) or old.project_name is not null)
