-- Programs behind many users
-- Fingerprints of TLS clients (JA4) whose logins failed for many users.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
select ja4 as fingerprint, count(distinct user_name) as users_tried
from auth0_logs
where "date" >= :since and event_time >= :start and event_time < :end and type in ('f', 'fp', 'fu') and ja4 is not null
group by ja4
order by users_tried desc, fingerprint
limit 12
