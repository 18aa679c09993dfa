-- Where builds spend their time
-- Seconds that each phase took, by project, over the last days.
-- param days int = 30  how many days back
select
  project_name,
  completed_phase,
  count(*) as times,
  round(avg(completed_phase_duration_seconds), 1) as mean_s,
  max(completed_phase_duration_seconds) as longest_s
from build_phase_change
where "date" >= date_add('day', -:days, current_date)
group by project_name, completed_phase
order by project_name, mean_s desc
