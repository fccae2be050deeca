-- Where rows are counted and refused: whoever adds them, an api function or a person's own statement.

create or replace function private.enforce_agents() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform private.enforce_limit(a.user_id, 'agents', count(*)) from added a group by a.user_id;
  return null;
end
$$;

create or replace function private.enforce_members() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform private.enforce_limit(a.owner_id, 'members', count(*)) from added a group by a.owner_id;
  return null;
end
$$;

create or replace function private.enforce_sources() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform private.enforce_limit(a.user_id, 'sources', count(*)),
    private.enforce_limit(a.user_id, 'storage_bytes', sum(octet_length(a.content) + a.kept_bytes)::bigint)
  from added a group by a.user_id;
  return null;
end
$$;

create or replace function private.enforce_source_growth() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform private.enforce_limit(a.user_id, 'storage_bytes',
    sum(octet_length(a.content) + a.kept_bytes - octet_length(r.content) - r.kept_bytes)::bigint)
  from added a join removed r on r.id = a.id
  group by a.user_id
  having sum(octet_length(a.content) + a.kept_bytes - octet_length(r.content) - r.kept_bytes) > 0;
  return null;
end
$$;

create or replace function private.enforce_api_access() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if not private.is_operator() then
    perform private.require_feature(a.user_id, 'api_access') from added a;
  end if;
  return null;
end
$$;

-- Conversation starts, exactly: an account that is limited has one row a month, and whoever starts a
-- conversation updates it in the same transaction. Where nothing limits, nobody waits for anybody.
-- The first start of a month makes the row by counting; the key lets one such transaction through.
create or replace function private.count_conversations() returns trigger
language plpgsql security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_month date := private.month_of(now());
  v_started record;
  v_max bigint;
  v_used bigint;
begin
  insert into private.usage_events (user_id, kind, quantity, at)
  select a.user_id, 'conversations', count(*), min(a.created_at) from added a
  group by a.user_id, (a.created_at at time zone 'UTC')::date;
  for v_started in
    select a.user_id, count(*) as n from added a
    where private.month_of(a.created_at) = v_month group by a.user_id order by a.user_id
  loop
    v_max := (select (p.limits ->> 'conversations_per_month')::bigint
      from private.plan_of(v_started.user_id) p);
    continue when v_max is null;
    update private.conversation_counts c set used = c.used + v_started.n
    where c.user_id = v_started.user_id and c.month = v_month
    returning c.used into v_used;
    if not found then
      insert into private.conversation_counts as c (user_id, month, used)
      values (v_started.user_id, v_month, private.recount_conversations(v_started.user_id))
      on conflict (user_id, month) do update set used = c.used + v_started.n
      returning c.used into v_used;
    end if;
    if v_used > v_max and not private.is_operator() then
      perform private.plan_limit_reached(v_started.user_id, 'conversations_per_month',
        v_used - v_started.n, v_max, private.month_end(v_month));
    end if;
  end loop;
  return null;
end
$$;

create or replace function private.count_message() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into private.usage_events (user_id, kind, at) values (new.user_id, 'messages', new.created_at);
  return null;
end
$$;

-- What was counted under another plan is counted again: it may not have been limited.
create or replace function private.forget_counts(p_account uuid) returns void
language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
begin
  delete from private.conversation_counts c
  where c.user_id = p_account and c.month >= private.month_of(now());
end
$$;

create or replace function private.plan_of_account_changed() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  new.messages_blocked_until := null;
  perform private.forget_counts(new.id);
  return new;
end
$$;

create or replace function private.override_changed() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_account uuid := case tg_op when 'DELETE' then old.user_id else new.user_id end;
begin
  update public.accounts a set messages_blocked_until = null
  where a.id = v_account and a.messages_blocked_until is not null;
  perform private.forget_counts(v_account);
  return null;
end
$$;

create or replace function private.plan_changed() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update public.accounts a set messages_blocked_until = null
  where a.plan = new.id and a.messages_blocked_until is not null;
  perform private.forget_counts(a.id) from public.accounts a where a.plan = new.id;
  return null;
end
$$;

-- Plans and overrides hold these words and no others, so that a slip of the pen is no limit lifted.
create or replace function private.check_plan_words() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_word text;
begin
  select l.key into v_word from jsonb_each(new.limits) l
  where private.limit_words(l.key, 1) is null
    or not (jsonb_typeof(l.value) = 'null' or (jsonb_typeof(l.value) = 'number'
      and l.value::numeric between 0 and 1e15 and l.value::numeric % 1 = 0)) limit 1;
  if found then
    perform private.fail('validation_failed', 'A limit is a known name with a whole number, or null for none.',
      'limits.' || left(v_word, 60));
  end if;
  select f.key into v_word from jsonb_each(new.features) f
  where private.feature_words(f.key) is null or jsonb_typeof(f.value) <> 'boolean' limit 1;
  if found then
    perform private.fail('validation_failed', 'A feature is a known name with true or false.',
      'features.' || left(v_word, 60));
  end if;
  return new;
end
$$;
