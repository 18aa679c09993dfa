-- Organizations
-- For tenants whose customers are companies: whose people log in.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
select organization_name as organization, count(distinct coalesce(log_id, event_id)) as logins
from auth0_logs
where "date" >= :since and event_time >= :start and event_time < :end and type = 's' and organization_name is not null
group by organization_name
order by logins desc, organization
limit 15
