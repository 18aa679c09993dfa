-- How often images are pushed
-- Pushes and deletions of the last days by repository, and how many failed.
-- param days int = 30  how many days back
select
  repository,
  count(distinct case when action = 'PUSH' and result = 'SUCCESS' then event_id end) as pushed,
  count(distinct case when action = 'DELETE' and result = 'SUCCESS' then event_id end) as deleted,
  count(distinct case when result <> 'SUCCESS' then event_id end) as failed,
  max(event_time) as last_time
from ecr_action
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
group by repository
order by pushed desc, repository
