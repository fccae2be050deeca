-- People: how they come to be, get an account of their own, and stop being let in.

-- An address in the one form it is stored in, or validation_failed.
create or replace function private.clean_email(p_email text) returns text
language plpgsql stable set search_path = '' as $$
declare
  v_email text := private.fold_email(p_email);
begin
  if v_email is null or v_email !~ '^[^@\s]+@[^@\s]+$' or length(v_email) > 320 then
    perform private.fail('validation_failed', 'Unable to validate email address: invalid format');
  end if;
  return v_email;
end
$$;

-- Everybody whose address is confirmed has an account of their own, except who came to work in
-- somebody else's and people without an address.
create or replace function private.ensure_account(p_user auth.users) returns void
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_base text;
  v_name text := left(coalesce(p_user.raw_user_meta_data ->> 'display_name',
    p_user.raw_user_meta_data ->> 'full_name', p_user.raw_user_meta_data ->> 'name', ''), 200);
begin
  if p_user.email is null or exists (select from public.accounts a where a.id = p_user.id)
    or exists (select from public.team_members t where t.member_id = p_user.id) then
    return;
  end if;
  v_base := left(trim(both '-' from
    regexp_replace(split_part(p_user.email, '@', 1), '[^a-z0-9]+', '-', 'g')), 40);
  v_base := coalesce(nullif(trim(both '-' from v_base), ''), 'account');
  insert into public.accounts (id, slug, display_name) values (p_user.id, v_base, v_name)
  on conflict (slug) do nothing;
  if not found then
    insert into public.accounts (id, slug, display_name)
    values (p_user.id, v_base || '-' || left(replace(p_user.id::text, '-', ''), 16), v_name);
  end if;
  perform private.log_security(p_user.id, p_user.id, 'user', 'user.created');
end
$$;

-- The identity that stands for signing in by mail, in step with the user. Who came through another
-- provider only has none.
create or replace function private.sync_email_identity(p_user auth.users) returns void
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
begin
  if p_user.email is null or not coalesce(p_user.raw_app_meta_data -> 'providers' ? 'email', false) then
    return;
  end if;
  insert into auth.identities as i (user_id, provider, provider_id, identity_data, email)
  values (p_user.id, 'email', p_user.id::text, jsonb_build_object('sub', p_user.id,
    'email', p_user.email, 'email_verified', p_user.email_confirmed_at is not null,
    'phone_verified', false), p_user.email)
  on conflict (provider, provider_id) do update set email = excluded.email,
    identity_data = i.identity_data || excluded.identity_data, updated_at = now();
end
$$;

-- A new person. Without an address: an anonymous one. `p_confirmed`: the address is theirs, so they
-- get an account. user_already_exists when somebody has the address.
create or replace function private.create_user(
  p_email text, p_encrypted_password text, p_user_metadata jsonb, p_app_metadata jsonb,
  p_confirmed boolean, p_id uuid default null)
returns auth.users language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_user auth.users;
begin
  if jsonb_typeof(coalesce(p_user_metadata, '{}')) <> 'object' then
    perform private.fail('validation_failed', 'data must be an object.');
  end if;
  insert into auth.users (id, email, encrypted_password, email_confirmed_at, raw_user_meta_data,
    raw_app_meta_data, is_anonymous)
  values (coalesce(p_id, gen_random_uuid()), p_email, p_encrypted_password,
    case when p_confirmed then now() end, coalesce(p_user_metadata, '{}'),
    coalesce(p_app_metadata, case when p_email is null then '{}'
      else '{"provider":"email","providers":["email"]}' end::jsonb), p_email is null)
  on conflict do nothing
  returning * into v_user;
  if not found then
    perform private.fail('user_already_exists', 'User already registered');
  end if;
  perform private.sync_email_identity(v_user);
  if p_confirmed then
    perform private.ensure_account(v_user);
  end if;
  return v_user;
end
$$;

-- The address counts as theirs, proven or not: they get what people with an address get.
create or replace function private.confirm_user(p_user_id uuid) returns auth.users
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_user auth.users;
begin
  update auth.users u set email_confirmed_at = coalesce(u.email_confirmed_at, now()),
    is_anonymous = false, updated_at = now()
  where u.id = p_user_id returning * into v_user;
  perform private.sync_email_identity(v_user);
  perform private.ensure_account(v_user);
  return v_user;
end
$$;

-- The person has proven to read the mail of their address: a link or a code of a mail was used, or a
-- provider that verified it vouches for it. Only this sets email_proven_at.
create or replace function private.prove_email(p_user_id uuid) returns auth.users
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
begin
  update auth.users u set email_proven_at = coalesce(u.email_proven_at, now())
  where u.id = p_user_id and u.email is not null;
  return private.confirm_user(p_user_id);
end
$$;

-- May this address sign up? `p_rules`: signUp (open | invite | domain), domains, and `invited` when the
-- person has shown an invitation for it.
create or replace function private.admit_sign_up(p_email text, p_rules jsonb) returns void
language plpgsql stable set search_path = '' as $$
begin
  if p_rules ->> 'signUp' = 'invite' and not coalesce((p_rules ->> 'invited')::boolean, false) then
    perform private.fail('signup_disabled', 'Signups not allowed for this instance');
  end if;
  if p_rules ->> 'signUp' = 'domain'
    and not coalesce(p_rules -> 'domains' ? split_part(p_email, '@', 2), false) then
    perform private.fail('email_address_not_authorized',
      'Sign-up is for addresses of certain domains only.');
  end if;
end
$$;

-- Ended sessions are told to every program: their access tokens count no more, their sockets close.
-- `p_everything`: whatever token the person has.
create or replace function private.tell_ended(
  p_user_id uuid, p_sessions uuid[], p_everything boolean)
returns void language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  insert into auth.ended_sessions as e (id, is_person)
  select x, false from unnest(p_sessions) x
  union all select p_user_id, true where p_everything
  on conflict (id) do update set ended_at = now();
  insert into realtime.messages (topic, extension, event, private, payload)
  values ('session:' || p_user_id, 'broadcast', 'sessions.ended', true, jsonb_build_object(
    'userId', p_user_id, 'sessions', to_jsonb(p_sessions), 'everything', p_everything,
    'at', extract(epoch from now())::bigint));
end
$$;

create or replace function private.sessions_deleted() returns trigger
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v record;
begin
  for v in select n.user_id, array_agg(n.id) as ids
    from (select g.user_id, g.id, row_number() over (partition by g.user_id) as n from gone g) n
    group by n.user_id, n.n / 1000 loop
    perform private.tell_ended(v.user_id, v.ids, false);
  end loop;
  return null;
end
$$;
create or replace trigger sessions_deleted after delete on auth.sessions
  referencing old table as gone for each statement execute function private.sessions_deleted();

-- A person who is deleted or barred is let in nowhere, whatever their tokens say. Sessions of who is
-- barred stay: refreshing one says why it is refused.
create or replace function private.user_shut_out() returns trigger
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
begin
  if tg_op = 'DELETE' then
    perform private.tell_ended(old.id, '{}', true);
  elsif (new.banned_until > now() and new.banned_until is distinct from old.banned_until)
    or (new.deleted_at is not null and old.deleted_at is null) then
    if new.deleted_at is not null then
      delete from auth.sessions s where s.user_id = new.id;
    end if;
    perform private.tell_ended(new.id, '{}', true);
  end if;
  return null;
end
$$;
create or replace trigger user_shut_out after delete or update of banned_until, deleted_at
  on auth.users for each row execute function private.user_shut_out();

revoke all on function private.clean_email(text) from public;
revoke all on function private.ensure_account(auth.users) from public;
revoke all on function private.sync_email_identity(auth.users) from public;
revoke all on function private.create_user(text, text, jsonb, jsonb, boolean, uuid) from public;
revoke all on function private.confirm_user(uuid) from public;
revoke all on function private.prove_email(uuid) from public;
revoke all on function private.admit_sign_up(text, jsonb) from public;
revoke all on function private.tell_ended(uuid, uuid[], boolean) from public;
revoke all on function private.sessions_deleted() from public;
revoke all on function private.user_shut_out() from public;
