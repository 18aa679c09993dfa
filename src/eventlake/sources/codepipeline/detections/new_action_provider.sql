-- A pipeline does something new
-- A pipeline that was there before has an action of a category and provider that it did not have in the 30 days before: a Lambda, a shell, another deployment.
-- severity medium
-- every 6h
-- window 1d
-- history 30d
-- briefly 7d
-- quiet 7d
-- key the pipeline, the category and the provider
-- do Read the action in the pipeline; ask who added it, if no change was planned.
with days as (
  select pipeline, type.category as category, type.provider as provider, min(event_time) as first_seen, max(event_time) as last_seen
  from action_execution_state_change
  where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  group by pipeline, type.category, type.provider, date(event_time)
),
actions as (
  select pipeline, category, provider, min(first_seen) as first_seen
  from days
  where last_seen >= :before
    and first_seen < :until
  group by pipeline, category, provider
)
select
  fresh.pipeline || ' ' || fresh.category || '/' || fresh.provider as key,
  1 as events,
  fresh.first_seen as first_event,
  fresh.first_seen as last_event,
  count(distinct old.category || '/' || old.provider) as others
from actions fresh
left join actions old on old.pipeline = fresh.pipeline
  and old.first_seen < :since
where fresh.first_seen >= :since
  and (:before > date_add('day', -30, :since) or old.pipeline is not null)
group by fresh.pipeline, fresh.category, fresh.provider, fresh.first_seen
