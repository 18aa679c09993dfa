-- A second factor reset, and then a sign-in from elsewhere
-- The factors of a user were reset or taken away, and within the hour the user signed in from a country that they had not in 30 days.
-- Whoever talks the help desk into a reset does the same.
-- severity critical
-- every 5m
-- window 1h
-- quiet 1d
-- key the user's login
-- do Call the user on a number you know; end all sessions and reset the account.
with resets as (
  select target_login, min(event_time) as reset_at, count(distinct uuid) as resets, max(actor_login) as reset_by
  from okta_logs
  where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
    and event_time >= :since
    and event_time < :until
    and event_type in ('user.mfa.factor.deactivate', 'user.mfa.factor.reset_all')
    and outcome = 'SUCCESS'
  group by target_login
),
signins as (
  select actor_login, country, min(event_time) as first_seen, max(event_time) as last_seen, max(ip) as ip, count(distinct uuid) as times
  from okta_logs
  where "date" >= date(:arrived) - interval '30' day
    and event_time >= date_add('day', -30, :since)
    and event_time < :until
    and event_type = 'user.session.start'
    and outcome = 'SUCCESS'
  group by actor_login, country
)
select
  target_login as key,
  sum(resets + times) as events,
  min(reset_at) as first_event,
  max(last_seen) as last_event,
  max(reset_by) as reset_by,
  max(country) as country,
  max(ip) as ip
from resets
join signins on actor_login = target_login
  and first_seen >= reset_at
group by target_login
