-- Tags that changed their image
-- Tags that were pushed with several images in the last days: whoever pulls them gets something else than before.
-- param days int = 30  how many days back
select
  repository,
  tag,
  count(distinct digest) as images,
  max_by(digest, row(event_time, event_id)) as last_digest,
  max(event_time) as last_time
from ecr_action
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and action = 'PUSH'
  and result = 'SUCCESS'
  and tag <> ''
group by repository, tag
order by images desc, repository, tag
