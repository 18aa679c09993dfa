-- One phone for several users
-- The same phone number, or the same device, was enrolled as the second factor of several users: whoever holds it is all of them.
-- severity high
-- every 1h
-- window 1h
-- history 30d
-- quiet 7d
-- key the phone number or device
-- param users int = 2  a factor is of one person
-- do Ask whose it is; remove it from the users it does not belong to, end their sessions and reset their passwords.
select
  factor as key,
  count(distinct user_id) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  array_join(slice(array_sort(array_agg(distinct user_id)), 1, 10), ', ') as users
from (
  select
    user_id,
    event_time,
    coalesce(json_extract_scalar(details, '$.authenticator.phone_number'), json_extract_scalar(details, '$.enrollment.identifier')) as factor
  from auth0_logs
  where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
    and event_time >= :before
    and event_time < :until
    and type = 'gd_enrollment_complete'
    and user_id <> ''
) enrolled
where factor is not null
group by factor
having max(event_time) >= :since
  and (:before = :since or count(distinct user_id) >= :users)
