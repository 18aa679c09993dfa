-- A phone rung until its owner gives in
-- One user is sent push after push: somebody has the password, and hopes for a tired thumb. confirmed above 0: it worked.
-- severity high
-- every 5m
-- window 30m
-- key the id of the user
-- param pushes int = 5  somebody who lost the phone asks for two or three
-- do If confirmed, end the sessions and reset the password; else reset the password alone, and switch to number matching.
select
  user_id as key,
  count(distinct case when type = 'gd_send_pn' then coalesce(log_id, event_id) end) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  count(distinct case when type = 'gd_auth_rejected' then coalesce(log_id, event_id) end) as rejected,
  count(distinct case when type = 'gd_auth_succeed' then coalesce(log_id, event_id) end) as confirmed
from auth0_logs
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :since
  and event_time < :until
  and type in ('gd_send_pn', 'gd_auth_rejected', 'gd_auth_succeed')
  and user_id <> ''
group by user_id
having count(distinct case when type = 'gd_send_pn' then coalesce(log_id, event_id) end) >= :pushes
