-- How long builds take, by project
-- Of the builds that ended in the last days: how many, what part succeeded, and their duration from submission to end, in seconds.
-- param days int = 30  how many days back
select
  project_name,
  count(distinct build_id) as builds,
  round(100e0 * count(distinct if(build_status = 'SUCCEEDED', build_id)) / count(distinct build_id), 1) as succeeded_percent,
  approx_percentile(date_diff('second', start_time, event_time), 0.5e0) as median_s,
  approx_percentile(date_diff('second', start_time, event_time), 0.95e0) as p95_s,
  max(date_diff('second', start_time, event_time)) as longest_s
from build_state_change
where "date" >= date_add('day', -:days, current_date)
  and build_complete
group by project_name
order by median_s desc
