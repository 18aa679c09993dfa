-- Alerts that opened
-- How many alerts of each detection opened, by the time when they were told; the events that opened them may lie before.
-- param since date  the first day of arrival
-- param start timestamp  the window's beginning, in UTC
-- param end timestamp  its end
select date_add('minute', 15 * (minute(event_time) / 15), date_trunc('hour', event_time)) as quarter, detection, count(distinct alert_id) as alerts
from alerts
where "date" >= :since and event_time >= :start and event_time < :end and state = 'opened'
group by 1, detection
order by quarter, detection
