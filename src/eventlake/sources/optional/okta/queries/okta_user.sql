-- What one user did, and what was done to them
-- Entries of the last days of one login, the newest first.
-- param days int = 7  how many days back
-- param login string  the user's login
select distinct
  event_time,
  uuid,
  event_type,
  outcome,
  reason,
  actor_login,
  target_login,
  ip,
  country
from okta_logs
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and (actor_login = :login or target_login = :login)
order by event_time desc, uuid
