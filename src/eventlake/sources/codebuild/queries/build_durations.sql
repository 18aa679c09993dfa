-- How long builds take, by project
-- Of the builds that ended in the last days: how many, what part succeeded, and their duration from submission to end, in seconds.
-- An event that was delivered twice counts once. Median and 95th percentile are approximate on Athena.
-- param days int = 30  how many days back
select
  project_name,
  count(*) as builds,
  round(100e0 * count_if(build_status = 'SUCCEEDED') / count(*), 1) as succeeded_percent,
  approx_percentile(seconds, 0.5e0) as median_s,
  approx_percentile(seconds, 0.95e0) as p95_s,
  max(seconds) as longest_s
from (
  select distinct project_name, coalesce(build_id, event_id) as build, build_status, date_diff('second', start_time, event_time) as seconds
  from build_state_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and build_complete
)
group by project_name
order by median_s desc, project_name
