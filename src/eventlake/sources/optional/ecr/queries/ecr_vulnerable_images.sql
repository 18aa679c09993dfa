-- Images with the worst findings
-- The last scan of each image of the last days, with how much it found; clean ones are left out.
-- param days int = 30  how many days back
select
  repository,
  digest,
  max_by(array_join(tags, ', '), row(event_time, event_id)) as tags,
  max_by(coalesce(critical, 0), row(event_time, event_id)) as critical,
  max_by(coalesce(high, 0), row(event_time, event_id)) as high,
  max(event_time) as last_time
from ecr_scan
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
  and status = 'COMPLETE'
group by repository, digest
having max_by(coalesce(critical, 0) + coalesce(high, 0), row(event_time, event_id)) > 0
order by critical desc, high desc, repository, digest
