-- Everything a user did
-- All entries of one user, by id or by name, the latest first.
-- param user string  the user's id (auth0|...) or name (an address)
-- param days int = 30  how many days back
-- param top int = 500  how many to show
select distinct event_time, type, description, ip, country_code as country, client_name, connection, user_agent, log_id
from auth0_logs
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and (user_id = :user or user_name = :user)
order by event_time desc, log_id, type, description
limit :top
