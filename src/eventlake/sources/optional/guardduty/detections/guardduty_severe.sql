-- GuardDuty found something severe
-- A finding of high severity was made or seen again: an instance that mines, a key used from Tor, a bucket opened to everybody.
-- Once is told: GuardDuty judged it already. Archived findings are not.
-- severity high
-- every 5m
-- window 1h
-- quiet 1d
-- key the finding's type and account
-- param score double = 7.0  GuardDuty calls 7 and more high
-- do Open the finding; if a key or a machine is taken, disable the key or isolate the machine first.
select
  type || ' ' || account_id as key,
  count(distinct finding_id) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  max(title) as title,
  max(coalesce(user_name, instance_id, bucket, cluster)) as about,
  max(remote_ip) as remote_ip
from guardduty_finding
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :since
  and event_time < :until
  and severity >= :score
  and not archived
group by type || ' ' || account_id
