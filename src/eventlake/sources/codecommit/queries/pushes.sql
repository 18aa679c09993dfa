-- Who moves which branch
-- Changes of branches and tags by repository in the last days: how many, the last one, and how many were merges.
-- param days int = 7  how many days back
-- param repository string = ''  one repository, or all
select
  repository_name,
  reference_type,
  reference_name,
  count(distinct event_id) as changes,
  count(distinct case when merge_option is not null then event_id end) as merges,
  max(event_time) as last_change,
  max_by(event, row(event_time, event_id)) as last_event,
  max_by(commit_id, row(event_time, event_id)) as last_commit
from repository_state_change
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and reference_name is not null
  and (:repository = '' or repository_name = :repository)
group by repository_name, reference_type, reference_name
order by last_change desc, repository_name, reference_name, reference_type
