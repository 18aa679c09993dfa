-- Who asks how much
-- Statements, rows and bytes of the last days by person, and how many were refused.
-- param days int = 30  how many days back
select
  who,
  count(distinct case when action = 'query' then event_id end) as statements,
  count(distinct case when outcome = 'failed' then event_id end) as failed,
  sum(rows_answered) as rows_answered,
  sum(bytes_read) as bytes_read,
  max(event_time) as last_time
from audit
where "date" >= date_add('day', -:days, current_date)
  and event_time >= date_add('day', -:days, localtimestamp)
group by who
order by statements desc, who
