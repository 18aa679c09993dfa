-- Nothing comes from Auth0 any more
-- For two hours no entry of the tenant log came, though each of the last four weeks had many at this time: Auth0 disables a stream that errs.
-- severity high
-- every 15m
-- window 2h
-- history 28d
-- key the table
-- param rows int = 20  with twenty expected, two hours of nothing come by chance once in a hundred million
-- do Look at the log stream in Auth0's dashboard, and at doctor and failed here; then fill the gap with backfill auth0-api.
select
  'auth0_logs' as key,
  count(case when event_time >= :since then 1 end) as events,
  coalesce(max(event_time), :since) as first_event,
  coalesce(max(event_time), :since) as last_event
from auth0_logs
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :before
  and event_time < :until
having count(case when event_time >= :since then 1 end) = 0
  and (:before = :since or count(distinct case when event_time >= date_add('day', -7, :since) and event_time < date_add('day', -7, :until) then coalesce(log_id, event_id) end) >= :rows)
  and (:before = :since or count(distinct case when event_time >= date_add('day', -14, :since) and event_time < date_add('day', -14, :until) then coalesce(log_id, event_id) end) >= :rows)
  and (:before = :since or count(distinct case when event_time >= date_add('day', -21, :since) and event_time < date_add('day', -21, :until) then coalesce(log_id, event_id) end) >= :rows)
  and (:before = :since or count(distinct case when event_time < date_add('day', -28, :until) then coalesce(log_id, event_id) end) >= :rows)
