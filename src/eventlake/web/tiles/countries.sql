-- Countries of logins
-- Where successful logins come from.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
select coalesce(country_code, 'unknown') as country, count(distinct coalesce(log_id, event_id)) as logins
from auth0_logs
where "date" >= :since and event_time >= :start and event_time < :end and type = 's'
group by coalesce(country_code, 'unknown')
order by logins desc, country
limit 20
