-- Where builds spend their time
-- Seconds that each phase took, by project, over the last days. An event that was delivered twice counts once.
-- param days int = 30  how many days back
select
  project_name,
  completed_phase,
  count(*) as times,
  round(avg(seconds), 1) as mean_s,
  max(seconds) as longest_s
from (
  select distinct event_id, project_name, completed_phase, completed_phase_duration_seconds as seconds
  from build_phase_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
)
group by project_name, completed_phase
order by project_name, mean_s desc, completed_phase
