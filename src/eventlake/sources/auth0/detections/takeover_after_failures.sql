-- Guessed until it was right
-- A user's logins fail again and again, and within an hour one succeeds from an address from which that user had not logged in for 30 days.
-- severity critical
-- every 5m
-- window 1h
-- history 30d
-- key the user
-- per user_name
-- param failures int = 5  people mistype a password once or twice, and then ask for a new one
-- do End the sessions of the user, reset the password, and look at user_history for what was changed: second factor, address, password.
with entries as (
  select coalesce(log_id, event_id) as log_id, event_time, type, user_name, ip, country_code
  from auth0_logs
  where ("date" > date(date_add('hour', -1, :arrived)) or "date" = date(date_add('hour', -1, :arrived)) and hour >= date_format(date_add('hour', -1, :arrived), '%H'))
    and event_time >= date_add('hour', -1, :since)
    and event_time < :until
    and type in ('s', 'f', 'fp')
    and user_name <> ''
),
known as (
  select user_name, ip, min(event_time) as first_seen
  from auth0_logs
  where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
    and event_time >= :before
    and event_time < :until
    and type = 's'
  group by user_name, ip
)
select
  entered.user_name as key,
  count(distinct failed.log_id) as events,
  min(failed.event_time) as first_event,
  max(entered.event_time) as last_event,
  max(entered.ip) as ip,
  max(entered.country_code) as country
from entries entered
join entries failed on failed.user_name = entered.user_name
  and failed.type <> 's'
  and failed.event_time < entered.event_time
  and failed.event_time >= date_add('hour', -1, entered.event_time)
join known on known.user_name = entered.user_name
  and known.ip = entered.ip
  and known.first_seen >= date_add('hour', -1, entered.event_time)
where entered.type = 's'
  and entered.event_time >= :since
group by entered.user_name
having count(distinct failed.log_id) >= :failures
