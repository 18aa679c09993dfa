-- Why logins fail
-- Failed logins by their reason.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
select coalesce(description, type) as reason, count(distinct coalesce(log_id, event_id)) as failed
from auth0_logs
where "date" >= :since and event_time >= :start and event_time < :end and type in ('f', 'fp', 'fu')
group by coalesce(description, type)
order by failed desc, reason
limit 12
