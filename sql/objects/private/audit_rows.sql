-- What rows of the audit log look like: as JSON, as a line of an export, as what a link hashes.

create or replace function private.audit_json(l public.audit_logs) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  return (select jsonb_build_object('id', l.id, 'tenant_id', l.user_id, 'actor_id', l.actor_id,
      'actor_type', l.actor_kind, 'actor_name', case
        when l.actor_kind in ('user', 'super_admin') then private.person_name(l.actor_id)
        when l.actor_kind = 'api_key' then (select k.name from public.api_keys k
          where k.id = l.actor_id and k.user_id = l.user_id) end,
      'action', l.action, 'resource_type', l.resource_type, 'resource_id', l.resource_id,
      'detail', l.detail, 'ip_address', host(l.ip), 'user_agent', l.user_agent,
      'created_at', private.iso(l.created_at), 'seq', c.seq, 'hash', encode(c.hash, 'hex'))
    from (select 1) one left join private.audit_chain c on c.log_id = l.id);
end
$$;

-- Does a row fit the filters {actor, action, resource, resource_id, from, to}? An action may end in
-- `.*`. The times are part of the walk.
create or replace function private.audit_fits(l public.audit_logs, p_filters jsonb) returns boolean
language sql stable as $$
  select (p_filters ->> 'actor' is null or l.actor_id = (p_filters ->> 'actor')::uuid)
    and (p_filters ->> 'action' is null or l.action = p_filters ->> 'action'
      or (p_filters ->> 'action' like '%.*' and starts_with(l.action, rtrim(p_filters ->> 'action', '*'))))
    and (p_filters ->> 'resource' is null or l.resource_type = p_filters ->> 'resource')
    and (p_filters ->> 'resource_id' is null or l.resource_id = (p_filters ->> 'resource_id')::uuid)
$$;

-- What a link hashes of its row. Numbers and jsonb have one text form in every session; times go in
-- as microseconds, so that no setting changes it.
create or replace function private.audit_hash(p_previous bytea, l public.audit_logs) returns bytea
language sql immutable as $$
  select sha256(p_previous || convert_to(jsonb_build_array(l.id, l.user_id, l.actor_id, l.actor_kind,
    l.action, l.resource_type, l.resource_id, l.detail, host(l.ip), l.user_agent,
    (extract(epoch from l.created_at) * 1000000)::bigint)::text, 'UTF8'))
$$;

create or replace function private.export_json(e public.audit_exports) returns jsonb
language sql stable as $$
  select jsonb_build_object('id', e.id, 'tenant_id', e.user_id, 'format', e.format,
    'filters', e.filters, 'status', case when e.downloaded_at is not null then 'downloaded'
      when e.expires_at <= now() then 'expired' else e.status end,
    'rows', e.rows_total, 'created_at', private.iso(e.created_at),
    'expires_at', private.iso(e.expires_at))
$$;

-- A spreadsheet runs what begins like a formula.
create or replace function private.csv_field(p_text text) returns text
language sql immutable as $$
  select case when p_text is null then '' else '"' || replace(
    case when p_text ~ '^[=+@\t\r-]' then '''' else '' end || p_text, '"', '""') || '"' end
$$;

create or replace function private.audit_line(p_format text, p_log jsonb) returns text
language sql immutable as $$
  select case p_format when 'jsonl' then p_log::text else (
    select string_agg(private.csv_field(p_log ->> c.name), ',' order by c.n)
    from unnest(array['created_at', 'id', 'seq', 'hash', 'actor_type', 'actor_id', 'actor_name', 'action',
      'resource_type', 'resource_id', 'detail', 'ip_address', 'user_agent'])
      with ordinality c (name, n)) end || e'\n'
$$;
