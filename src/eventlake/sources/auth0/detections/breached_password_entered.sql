-- A stolen password that still opens the door
-- A user whose password is known from another site's leak logged in within a day, and has not changed it in between.
-- severity high
-- every 15m
-- window 1d
-- key the user
-- per user_name
-- do End the sessions of the user, and have the password changed; set breached password detection to block.
with entries as (
  select distinct coalesce(log_id, event_id) as log_id, event_time, type, user_name, ip
  from auth0_logs
  where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
    and event_time >= :since
    and event_time < :until
    and type in ('pwd_leak', 'reset_pwd_leak', 'signup_pwd_leak', 'scp', 's')
    and user_name <> ''
)
select
  warned.user_name as key,
  count(distinct entered.log_id) as events,
  min(warned.event_time) as first_event,
  max(entered.event_time) as last_event,
  max(warned.type) as warning,
  max(entered.ip) as ip
from entries warned
join entries entered on entered.user_name = warned.user_name
  and entered.type = 's'
  and entered.event_time > warned.event_time
left join entries changed on changed.user_name = warned.user_name
  and changed.type = 'scp'
  and changed.event_time > warned.event_time
  and changed.event_time < entered.event_time
where warned.type like '%pwd_leak'
  and changed.log_id is null
group by warned.user_name
