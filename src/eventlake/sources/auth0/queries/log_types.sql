-- What is in the log
-- Entries by type, with the users and the first and last time of each: what Auth0 sends, and what is new.
-- https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes says what the codes mean.
-- param days int = 7  how many days back
select
  type,
  max_by(description, row(event_time, event_id)) as last_description,
  count(distinct coalesce(log_id, event_id)) as entries,
  count(distinct case when user_id <> '' then user_id end) as users,
  count(distinct case when details is null then coalesce(log_id, event_id) end) as without_details,
  min(event_time) as first_seen,
  max(event_time) as last_seen
from auth0_logs
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
group by type
order by entries desc, type
