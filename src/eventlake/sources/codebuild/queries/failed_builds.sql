-- Builds that failed, newest first
-- Every build of the last days that did not succeed: when, why, who started it, and where its log is.
-- The reason is the context of the phase that failed, which stands in `phases` of the build's last event.
-- param days int = 7  how many days back
select
  event_time,
  project_name,
  build_number,
  build_status,
  initiator,
  source_version,
  array_join(
    transform(
      filter(cast(json_parse(phases) as array(json)), phase -> json_extract_scalar(phase, '$["phase-status"]') not in ('SUCCEEDED')),
      phase -> json_extract_scalar(phase, '$["phase-type"]') || ': ' || coalesce(json_extract_scalar(phase, '$["phase-context"][0]'), '')
    ),
    '; '
  ) as reason,
  logs_url
from (
  select distinct
    event_id, event_time, project_name, build_id, build_number, build_status, initiator, source_version, phases, logs_url
  from build_state_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and build_status in ('FAILED', 'FAULT', 'TIMED_OUT', 'STOPPED')
)
order by event_time desc, build_id
