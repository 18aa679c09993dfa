-- Which tables are asked for
-- How often each table was named in a statement of the last days, and by how many people.
-- param days int = 30  how many days back
select t.table_named, count(distinct a.event_id) as statements, count(distinct a.who) as people, max(a.event_time) as last_time
from audit a
cross join unnest(cast(json_parse(a.tables_named) as array(varchar))) as t(table_named)
where a."date" >= date_add('day', -:days, current_date)
  and a.event_time >= date_add('day', -:days, localtimestamp)
group by t.table_named
order by statements desc, t.table_named
