-- An image with critical vulnerabilities
-- A scan found critical vulnerabilities in an image that was just pushed, or scanned again.
-- Once is told for each image.
-- severity medium
-- every 15m
-- window 1d
-- quiet 7d
-- key the repository and the image's digest
-- param findings int = 1  one critical vulnerability is one too many
-- do Update the base image or the package, push again; do not deploy this digest.
select
  repository || ' ' || digest as key,
  count(distinct event_id) as events,
  min(event_time) as first_event,
  max(event_time) as last_event,
  max(critical) as critical,
  max(array_join(tags, ', ')) as tags
from ecr_scan
where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
  and event_time >= :since
  and event_time < :until
  and critical >= :findings
group by repository || ' ' || digest
