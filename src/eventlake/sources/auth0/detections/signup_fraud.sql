-- Accounts made by a program
-- One address signs up again and again, whether it succeeds or not.
-- severity high
-- every 5m
-- window 1h
-- key the address
-- param signups int = 20  a class or a stand at a fair makes a dozen an hour behind one address
-- do Block the address, switch bot detection on for signups, and delete what was made.
select
  ip as key,
  count(distinct coalesce(log_id, event_id)) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  count(distinct case when type = 'ss' then coalesce(log_id, event_id) end) as made,
  count(distinct case when type = 'fs' then coalesce(log_id, event_id) end) as failed
from auth0_logs
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :since
  and event_time < :until
  and type in ('ss', 'fs', 'signup_pwd_leak')
  and ip <> ''
group by ip
having count(distinct coalesce(log_id, event_id)) >= :signups
