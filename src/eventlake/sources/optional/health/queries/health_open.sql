-- What is open or to come
-- Events of AWS Health of the last days that are not closed: their last message, what is affected, and when it begins.
-- The backup of a message, sent from another region, counts as the same event.
-- param days int = 90  how many days back
select
  health_event_arn,
  affected_account,
  max_by(service, row(last_updated, event_id)) as service,
  max_by(event_type, row(last_updated, event_id)) as event_type,
  max_by(status, row(last_updated, event_id)) as status,
  max_by(start_time, row(last_updated, event_id)) as start_time,
  max_by(first_entity, row(last_updated, event_id)) as first_entity,
  max_by(description, row(last_updated, event_id)) as description
from health_event
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
group by health_event_arn, affected_account
having max_by(status, row(last_updated, event_id)) <> 'closed'
order by start_time desc, health_event_arn, affected_account
