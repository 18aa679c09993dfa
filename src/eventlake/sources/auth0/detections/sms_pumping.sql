-- Messages sent for somebody's profit
-- One address makes the tenant send text messages or calls in numbers, or met Auth0's limit of them: each is paid for, and the receiver's operator shares.
-- severity high
-- every 5m
-- window 1h
-- key the address
-- param messages int = 10  a user who waits asks again two or three times; Auth0 stops a number at 10 an hour
-- do Block the address and the countries you do not serve; ask for a captcha in front of every message.
select
  ip as key,
  count(distinct coalesce(log_id, event_id)) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  count(distinct user_id) as users,
  count(distinct case when type = 'limit_phone' then coalesce(log_id, event_id) end) as limits
from auth0_logs
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :since
  and event_time < :until
  and type in ('gd_send_sms', 'gd_send_voice', 'cs', 'cls', 'limit_phone')
  and ip <> ''
group by ip
having count(distinct coalesce(log_id, event_id)) >= :messages
  or count(case when type = 'limit_phone' then 1 end) > 0
