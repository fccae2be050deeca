-- What every other function stands on. The name sorts first so that these exist before they are used.

-- Raises an error with a public sentence and a stable code that the program maps to a status. The hint
-- names the field that is wrong, or says retry_after_s=<seconds>.
create or replace function private.fail(p_code text, p_message text, p_hint text default null)
returns void language plpgsql stable set search_path = '' as $$
begin
  if p_hint is null then
    raise exception using errcode = 'CP000', message = p_message, detail = p_code;
  end if;
  raise exception using errcode = 'CP000', message = p_message, detail = p_code, hint = p_hint;
end
$$;

-- The one answer to an unknown and to a foreign id. A person whom an account of theirs does not let in
-- without a second factor cannot tell its ids from others either, and hears about the factor at each.
create or replace function private.not_found() returns void
language plpgsql stable set search_path = '' as $$
begin
  if current_setting('role') = 'authenticated'
    and exists (select private.accounts_wanting_factor()) then
    perform private.fail('insufficient_aal', 'Not found, or in an account that asks for a second step '
      'at sign-in: add an authenticator app to your sign-in, or give its code, and try again.');
  end if;
  raise exception using errcode = 'CP000', message = 'Not found.', detail = 'not_found';
end
$$;

-- An address as it is stored and compared. ASCII letters only: other scripts' letters fold into ASCII
-- ones (the Kelvin sign into k), and two people's addresses would become one.
create or replace function private.fold_email(p_email text) returns text
language sql immutable as $$
  select translate(trim(p_email), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')
$$;
revoke all on function private.fold_email(text) from public;

create or replace function private.iso(p_at timestamptz) returns text
language sql stable as $$
  select to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

create or replace function private.role_rank(p_role text) returns int
language sql immutable as $$
  select case p_role when 'owner' then 5 when 'admin' then 4 when 'manager' then 3
    when 'member' then 2 when 'client' then 1 else 0 end
$$;

create or replace function private.claims() returns jsonb
language sql stable as $$
  select nullif(current_setting('request.jwt.claims', true), '')::jsonb
$$;

-- The caller's role when the database role and the claims agree, else null. `set role` is visible
-- inside security definer functions, so claims of another role than the connection's count for nothing.
create or replace function private.caller_role() returns text
language sql stable as $$
  select case when nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
    = current_setting('role') then current_setting('role') end
$$;

create or replace function private.person_id() returns uuid
language sql stable as $$
  select case when current_setting('role') = 'authenticated' then auth.uid() end
$$;

-- Was the session opened with a second factor as well?
create or replace function private.second_factor_given() returns boolean
language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'aal' = 'aal2', false)
$$;

create or replace function private.visitor_id() returns uuid
language sql stable as $$
  select case when private.caller_role() = 'visitor' then (private.claims() ->> 'sub')::uuid end
$$;

create or replace function private.claim_agent_id() returns uuid
language sql stable as $$
  select case when private.caller_role() = 'visitor' then (private.claims() ->> 'agent_id')::uuid end
$$;

create or replace function private.claim_account_id() returns uuid
language sql stable as $$
  select case when private.caller_role() in ('visitor', 'api_key')
    then (private.claims() ->> 'account_id')::uuid end
$$;

create or replace function private.claim_key_id() returns uuid
language sql stable as $$
  select case when private.caller_role() = 'api_key' then (private.claims() ->> 'key_id')::uuid end
$$;

create or replace function private.has_scope(p_scope text) returns boolean
language sql stable as $$
  select coalesce(private.caller_role() = 'api_key' and private.claims() -> 'scopes' ? p_scope, false)
$$;

-- Trusted callers only: the service, the owner itself, or a superuser without a role.
create or replace function private.require_service() returns void
language plpgsql stable set search_path = '' as $$
begin
  if current_setting('role') not in ('service_role', 'chatpad_owner')
    and (current_setting('role') <> 'none' or session_user = 'authenticator') then
    perform private.fail('forbidden', 'This needs the service role.');
  end if;
end
$$;
