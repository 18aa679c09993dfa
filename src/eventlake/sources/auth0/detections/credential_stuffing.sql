-- Many users tried from one address
-- An address fails to log in as many different users within an hour: a list of stolen passwords, or one password for everybody.
-- severity high
-- every 5m
-- window 1h
-- key the address
-- per ip
-- param users int = 10  people behind one address mistype a handful of accounts in an hour; Auth0's own block of an address comes at 100
-- do Block the address, or let attack protection do it; look at users_entered, whose passwords were right: end their sessions, have them change it.
select
  ip as key,
  count(distinct coalesce(log_id, event_id)) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  count(distinct case when type in ('f', 'fp', 'fu', 'fcoa') then user_name end) as users_tried,
  count(distinct case when type in ('s', 'scoa') then user_name end) as users_entered,
  max(ja4) as ja4,
  max(country_code) as country
from auth0_logs
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :since
  and event_time < :until
  and type in ('f', 'fp', 'fu', 'fcoa', 's', 'scoa')
  and ip <> ''
group by ip
having count(distinct case when type in ('f', 'fp', 'fu', 'fcoa') then user_name end) >= :users
