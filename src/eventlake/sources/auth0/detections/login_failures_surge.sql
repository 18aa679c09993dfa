-- Many more logins fail than usual
-- Within an hour more logins fail than the tenant is used to: an attack from many addresses, or an application that broke.
-- Usual is the mean hour of the 14 days before.
-- severity medium
-- every 5m
-- window 1h
-- history 14d
-- key all logins together
-- param failures int = 50  below, a tenant of hundreds of users is not under attack
-- param times double = 3.0  the busiest hour of a day has about twice the mean
-- do Compare failed_logins_by_ip and failure_reasons: one reason is an application, many addresses an attack; switch bot detection on.
with failures as (
  select distinct coalesce(log_id, event_id) as log_id, event_time
  from auth0_logs
  where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
    and type in ('f', 'fp', 'fu', 'fcoa', 'pwd_leak', 'limit_wc', 'limit_sul', 'limit_mu')
)
select
  'all logins' as key,
  count(case when event_time >= :since then 1 end) as events,
  min(case when event_time >= :since then event_time end) as first_event,
  max(event_time) as last_event,
  cast(count(case when event_time < :since then 1 end) / 336e0 as decimal(18, 1)) as usual_an_hour
from failures
where event_time >= :before
  and event_time < :until
having count(case when event_time >= :since then 1 end) >= :failures
  and count(case when event_time >= :since then 1 end) >= :times * count(case when event_time < :since then 1 end) / 336e0
