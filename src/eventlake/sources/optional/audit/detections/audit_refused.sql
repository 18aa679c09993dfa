-- Somebody whose deeds are refused again and again
-- One person's statements and commands failed many times within an hour, as where somebody tries what they may not do.
-- severity low
-- every 15m
-- window 1h
-- quiet 1d
-- key who did it
-- param failures int = 10  a person who learns SQL fails less in an hour
-- do Look at what was tried, in the table audit; ask the person.
select
  who as key,
  count(distinct event_id) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  max(problem) as problem
from audit
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :since
  and event_time < :until
  and outcome = 'failed'
group by who
having count(distinct event_id) >= :failures
