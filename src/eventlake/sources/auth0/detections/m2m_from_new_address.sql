-- A machine asks from a new address
-- A machine that has asked for tokens for a while does so from an address that it did not use in the 30 days before: its secret was copied, or it was moved.
-- severity medium
-- every 1h
-- window 1h
-- history 30d
-- briefly 1d
-- key the application and the address
-- param tokens int = 20  before, a machine is being set up, and its addresses change
-- do Ask who runs the machine whether it was moved; if not, rotate its secret, and look at what its tokens were used for.
with seen as (
  select client_id, ip, max(client_name) as client_name, min(event_time) as first_seen, max(event_time) as last_seen, count(distinct coalesce(log_id, event_id)) as tokens
  from auth0_logs
  where ("date" > date(:arrived) or "date" = date(:arrived) and hour >= date_format(:arrived, '%H'))
    and event_time >= :before
    and event_time < :until
    and type = 'seccft'
    and ip <> ''
  group by client_id, ip
)
select
  fresh.client_id || ' ' || fresh.ip as key,
  fresh.tokens as events,
  fresh.first_seen as first_event,
  fresh.last_seen as last_event,
  fresh.client_name,
  sum(old.tokens) as tokens_before
from seen fresh
left join seen old on old.client_id = fresh.client_id
  and old.first_seen < :since
where fresh.first_seen >= :since
group by fresh.client_id, fresh.ip, fresh.tokens, fresh.first_seen, fresh.last_seen, fresh.client_name
having :before > date_add('day', -30, :since) or sum(old.tokens) >= :tokens
