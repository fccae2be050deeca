-- What the inbox reads by. Conversations are listed by their last activity, which every message
-- changes; an index over that time would end the heap-only updates of the message path. The hour of
-- the last activity changes once an hour: the index goes by it, and a page sorts within the hour.
alter table public.conversations add column active_hour timestamptz not null
  generated always as (date_bin('1 hour', coalesce(last_message_at, created_at),
    timestamptz '2000-01-01 00:00:00+00')) stored;
drop index public.conversations_inbox;
create index conversations_activity on public.conversations (user_id, status, active_hour desc);

drop index public.leads_account;
create index leads_account on public.leads (user_id, created_at desc, id desc);

-- For the housekeeping that forgets old client_message_ids.
create index idempotency_age on private.idempotency (created_at);

-- Its successor says whether the page is one of our own.
drop function if exists api.get_widget_config(uuid, text, uuid);
