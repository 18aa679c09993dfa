-- Pull requests, and how long they take
-- Each pull request that changed in the last days: its state, who approved it, how many comments it got, and the hours from creation to end.
-- A pull request that was created before the days asked for has no hours.
-- param days int = 30  how many days back
-- param repository string = ''  one repository, or all
with requests as (
  select
    account,
    event_region,
    repository_name,
    pull_request_id,
    max_by(title, row(event_time, event_id)) as title,
    max_by(pull_request_status, row(event_time, if(pull_request_status = 'Closed', 1, 0), event_id)) as status,
    bool_or(is_merged = 'True') as merged,
    min(case when event = 'pullRequestCreated' then event_time end) as created,
    max(case when pull_request_status = 'Closed' then event_time end) as ended,
    count(distinct case when approval_status = 'APPROVE' then caller_user_arn end) as approvers,
    bool_or(override_status = 'OVERRIDE') as overridden
  from pull_request_state_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and (:repository = '' or repository_name = :repository)
  group by account, event_region, repository_name, pull_request_id
),
comments as (
  select account, event_region, repository_name, pull_request_id, count(distinct comment_id) as comments
  from comment_change
  where "date" >= date_add('day', -:days, current_date)
    and event_time >= date_add('day', -:days, localtimestamp)
    and pull_request_id is not null
  group by account, event_region, repository_name, pull_request_id
)
select
  requests.repository_name,
  requests.pull_request_id,
  requests.title,
  requests.status,
  coalesce(requests.merged, false) as merged,
  requests.approvers,
  coalesce(requests.overridden, false) as overridden,
  coalesce(comments.comments, 0) as comments,
  requests.created,
  round(date_diff('minute', requests.created, requests.ended) / 60e0, 1) as hours
from requests
left join comments
  on comments.account = requests.account
  and comments.event_region = requests.event_region
  and comments.repository_name = requests.repository_name
  and comments.pull_request_id = requests.pull_request_id
order by requests.created desc, requests.repository_name, requests.pull_request_id
