-- Builds that failed, newest first
-- Every build of the last days that did not succeed: when, why, who started it, and where its log is.
-- The reason is the context of the phase that failed, which stands in `phases` of the build's last event.
-- param days int = 7  days to look back
SELECT event_time,
       project_name,
       build_number,
       build_status,
       initiator,
       source_version,
       array_join(
         transform(
           filter(CAST(json_parse(phases) AS array(json)), phase -> json_extract_scalar(phase, '$["phase-status"]') NOT IN ('SUCCEEDED')),
           phase -> json_extract_scalar(phase, '$["phase-type"]') || ': ' || coalesce(json_extract_scalar(phase, '$["phase-context"][0]'), '')
         ),
         '; '
       ) AS reason,
       logs_url
FROM codebuild_event_logs.build_state_change
WHERE "date" >= date_add('day', -:days, current_date)
  AND build_status IN ('FAILED', 'FAULT', 'TIMED_OUT', 'STOPPED')
ORDER BY event_time DESC
