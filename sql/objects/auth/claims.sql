-- The caller as Supabase's SQL sees it. A visitor's or key's subject is never a user.
create or replace function auth.jwt() returns jsonb
language sql stable as $$
  select nullif(current_setting('request.jwt.claims', true), '')::jsonb
$$;

create or replace function auth.role() returns text
language sql stable as $$
  select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
$$;

create or replace function auth.email() returns text
language sql stable as $$
  select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'
$$;

-- Null for a subject that is no uuid: a policy then shows nothing instead of raising.
create or replace function auth.uid() returns uuid
language sql stable as $$
  select case
    when c.claims ->> 'role' = 'authenticated'
      and c.claims ->> 'sub'
        ~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
    then (c.claims ->> 'sub')::uuid
  end
  from (select nullif(current_setting('request.jwt.claims', true), '')::jsonb as claims) c
$$;

grant execute on function auth.jwt(), auth.role(), auth.email(), auth.uid()
  to anon, visitor, authenticated, api_key, service_role, chatpad_owner;
