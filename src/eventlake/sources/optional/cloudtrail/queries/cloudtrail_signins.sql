-- Who signed in to the console
-- Sign-ins of the last days by user: how many, how many failed, how many were without a second factor, from how many addresses.
-- param days int = 30  how many days back
select
  user_type,
  coalesce(user_name, user_arn) as who,
  count(distinct event_id) as sign_ins,
  count(distinct case when result = 'Failure' then event_id end) as failed,
  count(distinct case when result = 'Success' and mfa_used = 'No' then event_id end) as without_mfa,
  count(distinct source_ip) as addresses,
  max(event_time) as last_time
from cloudtrail_signin
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and event_name = 'ConsoleLogin'
group by user_type, coalesce(user_name, user_arn)
order by sign_ins desc, who
