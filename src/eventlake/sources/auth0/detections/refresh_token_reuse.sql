-- A refresh token used twice
-- A rotated refresh token came again: it was copied, and Auth0 has ended the whole family.
-- Once is told: an application that works never does it.
-- severity high
-- every 15m
-- window 1d
-- key the user, or the family of tokens
-- do Have the user log in again, and find out where the token was copied: addresses names both places.
select
  coalesce(nullif(user_id, ''), json_extract_scalar(details, '$.familyId')) as key,
  count(distinct coalesce(log_id, event_id)) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  max(client_name) as application,
  array_join(array_sort(array_agg(distinct ip)), ', ') as addresses
from auth0_logs
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :since
  and event_time < :until
  and type = 'ferrt'
  and (lower(description) like '%reuse%' or cast(json_extract_scalar(details, '$.tokenCounter') as double) < cast(json_extract_scalar(details, '$.latestCounter') as double))
group by coalesce(nullif(user_id, ''), json_extract_scalar(details, '$.familyId'))
