-- Stolen passwords of several users from one address
-- One address came with the right password of several users, each known from another site's leak: somebody works through a list.
-- severity high
-- every 15m
-- window 1h
-- key the address
-- param users int = 3  one user who meets the warning is a user; a household or an office may have two
-- do Block the address; have the users change their passwords, and look for breached_password_entered.
select
  ip as key,
  count(distinct coalesce(log_id, event_id)) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  count(distinct user_name) as users
from auth0_logs
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :since
  and event_time < :until
  and type in ('pwd_leak', 'reset_pwd_leak', 'signup_pwd_leak')
  and ip <> ''
group by ip
having count(distinct user_name) >= :users
