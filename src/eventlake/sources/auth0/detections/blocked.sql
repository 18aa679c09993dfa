-- Auth0 blocked somebody
-- An address or account met a limit: too many wrong passwords, too many logins, too many codes or calls.
-- Once is told: each limit of Auth0 is a threshold of its own, from 10 wrong passwords up.
-- severity medium
-- every 15m
-- window 1h
-- key the address, or the user where none is known
-- do Look at ip_history: an attacker stays blocked; a user or a broken application needs help.
select
  coalesce(nullif(ip, ''), user_name) as key,
  count(distinct coalesce(log_id, event_id)) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  array_join(array_sort(array_agg(distinct type)), ', ') as types
from auth0_logs
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :since
  and event_time < :until
  and (type like 'limit\_%' escape '\' or type in ('api_limit', 'gd_otp_rate_limit_exceed', 'gd_recovery_rate_limit_exceed'))
group by coalesce(nullif(ip, ''), user_name)
