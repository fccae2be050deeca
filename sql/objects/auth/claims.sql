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

-- Null for a subject that is no uuid: a policy then shows nothing instead of raising. The claims are
-- read once and nothing is matched by a regular expression: policies ask this for each row.
create or replace function auth.uid() returns uuid
language plpgsql stable as $$
declare
  v_claims jsonb := nullif(current_setting('request.jwt.claims', true), '');
  v_sub text;
begin
  if v_claims ->> 'role' is distinct from 'authenticated' then
    return null;
  end if;
  v_sub := v_claims ->> 'sub';
  if v_sub like '________-____-____-____-____________'
    and translate(v_sub, '0123456789abcdefABCDEF', '') = '----' then
    return v_sub::uuid;
  end if;
  return null;
end
$$;

grant execute on function auth.jwt(), auth.role(), auth.email(), auth.uid()
  to anon, visitor, authenticated, api_key, service_role, chatpad_owner;
