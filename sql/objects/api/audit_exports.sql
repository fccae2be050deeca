-- Exports of the audit log: asked for by a person, built in parts in the background, fetched once.

create or replace function api.request_audit_export(
  p_account_id uuid, p_format text, p_filters jsonb, p_token_hash bytea, p_valid_s int,
  p_origin jsonb)
returns jsonb language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_export public.audit_exports;
begin
  perform private.require_role(p_account_id, 'admin');
  perform private.note_origin(p_origin);
  perform private.lock_team(p_account_id);
  if (select count(*) from public.audit_exports e where e.user_id = p_account_id
      and e.expires_at > now() and e.downloaded_at is null) >= 10 then
    perform private.fail('conflict', 'Ten exports are waiting to be fetched: fetch them first.');
  end if;
  insert into public.audit_exports (user_id, requested_by, format, filters, token_hash, expires_at,
    next_at)
  values (p_account_id, private.person_id(), p_format, p_filters, p_token_hash,
    now() + make_interval(secs => p_valid_s),
    coalesce((p_filters ->> 'to')::timestamptz, clock_timestamp()))
  returning * into v_export;
  perform private.audit(p_account_id, 'export.requested', 'audit_export', v_export.id,
    jsonb_build_object('format', p_format));
  return private.export_json(v_export);
end
$$;

create or replace function api.get_audit_export(p_export_id uuid) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_export public.audit_exports;
begin
  select * into v_export from public.audit_exports e where e.id = p_export_id;
  perform private.require_role(v_export.user_id, 'admin');
  return private.export_json(v_export);
end
$$;

-- One part of the oldest export that is not ready; true when there is more to do. Newest rows first,
-- so the export ends where it was when it was asked for.
create or replace function api.build_audit_export() returns boolean
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off set enable_bitmapscan = off as $$
declare
  v_export public.audit_exports;
  v_content text;
  v_walked bigint;
  v_kept bigint;
  v_at timestamptz;
  v_id uuid;
begin
  perform private.require_service();
  select * into v_export from public.audit_exports e
  where e.status = 'pending' order by e.created_at for no key update skip locked limit 1;
  if not found then
    return false;
  end if;
  with walked as materialized (
    select l.id, l.created_at, private.audit_fits(l, v_export.filters) as fits
    from public.audit_logs l
    where l.user_id = v_export.user_id
      and (l.created_at, l.id) < (v_export.next_at, v_export.next_id)
      and l.created_at >= coalesce((v_export.filters ->> 'from')::timestamptz, '-infinity')
    order by l.created_at desc, l.id desc limit 2000)
  select (select count(*) from walked), (select count(*) from walked w where w.fits),
    (select string_agg(private.audit_line(v_export.format, private.audit_json(l)), ''
        order by l.created_at desc, l.id desc)
      from walked w join public.audit_logs l on l.id = w.id where w.fits),
    w.created_at, w.id
  into v_walked, v_kept, v_content, v_at, v_id
  from walked w order by w.created_at, w.id limit 1;
  v_walked := coalesce(v_walked, 0);
  if v_export.parts_total = 0 and v_export.format = 'csv' then
    v_content := 'created_at,id,seq,hash,actor_type,actor_id,actor_name,action,resource_type,'
      || 'resource_id,detail,ip_address,user_agent' || e'\n' || coalesce(v_content, '');
  end if;
  if v_content is not null then
    insert into private.audit_export_parts (user_id, export_id, part, content)
    values (v_export.user_id, v_export.id, v_export.parts_total, v_content);
  end if;
  update public.audit_exports e set rows_total = e.rows_total + coalesce(v_kept, 0),
    parts_total = e.parts_total + case when v_content is null then 0 else 1 end,
    next_at = coalesce(v_at, e.next_at), next_id = coalesce(v_id, e.next_id),
    status = case when v_walked < 2000 then 'ready'
      when e.rows_total + v_kept > 1000000 then 'failed' else 'pending' end
  where e.id = v_export.id returning * into v_export;
  if v_export.status <> 'pending' then
    perform private.account_event(v_export.user_id, 'audit_export.updated',
      jsonb_build_object('export', jsonb_build_object('id', v_export.id, 'status', v_export.status)));
  end if;
  return true;
end
$$;

-- Spends the link. Whoever asked for it must still be one who may read the log.
create or replace function api.open_audit_export(p_token_hash bytea, p_origin jsonb)
returns table (export_id uuid, format text, parts_total int)
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
#variable_conflict use_column
declare
  v_export public.audit_exports;
  v_role text;
begin
  perform private.require_service();
  select * into v_export from public.audit_exports e
  where e.token_hash = p_token_hash for no key update;
  if not found or v_export.expires_at <= now() or v_export.downloaded_at is not null then
    perform private.not_found();
  end if;
  v_role := private.team_role(v_export.user_id, v_export.requested_by);
  if coalesce(private.role_rank(v_role), 0) < private.role_rank('admin') and not exists (
    select from auth.users u where u.id = v_export.requested_by and u.is_super_admin) then
    perform private.not_found();
  end if;
  if v_export.status = 'failed' then
    perform private.fail('conflict', 'The export has more than 1,000,000 rows: narrow its filters.');
  elsif v_export.status <> 'ready' then
    perform private.fail('export_not_ready', 'The export is still being made: try again soon.');
  end if;
  update public.audit_exports e set downloaded_at = now() where e.id = v_export.id;
  perform private.note_origin(p_origin);
  perform private.audit(v_export.user_id, 'export.downloaded', 'audit_export', v_export.id);
  return query select v_export.id, v_export.format, v_export.parts_total;
end
$$;

create or replace function api.audit_export_part(p_export_id uuid, p_part int) returns text
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return (select p.content from private.audit_export_parts p
    where p.export_id = p_export_id and p.part = p_part);
end
$$;

-- Content goes an hour after its link ended or was used; the row stays a day longer.
create or replace function api.forget_audit_exports() returns void
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  delete from private.audit_export_parts p using public.audit_exports e
  where e.id = p.export_id and least(e.expires_at, e.downloaded_at) < now() - interval '1 hour';
  delete from public.audit_exports e where e.expires_at < now() - interval '1 day';
end
$$;

revoke all on function api.request_audit_export(uuid, text, jsonb, bytea, int, jsonb) from public;
revoke all on function api.get_audit_export(uuid) from public;
revoke all on function api.build_audit_export() from public;
revoke all on function api.open_audit_export(bytea, jsonb) from public;
revoke all on function api.audit_export_part(uuid, int) from public;
revoke all on function api.forget_audit_exports() from public;
grant execute on function api.request_audit_export(uuid, text, jsonb, bytea, int, jsonb),
  api.get_audit_export(uuid) to authenticated;
grant execute on function api.build_audit_export(), api.open_audit_export(bytea, jsonb),
  api.audit_export_part(uuid, int), api.forget_audit_exports() to service_role;
