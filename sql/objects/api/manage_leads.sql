-- What people do with leads: another status, somebody who looks after it, all of them as a file.

-- The lead of an account the person works in, locked; the role is asked after that.
create or replace function private.lock_lead(p_lead_id uuid) returns public.leads
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_lead public.leads;
begin
  if private.person_id() is null then
    perform private.fail('forbidden', 'This needs a signed-in person.');
  end if;
  select * into v_lead from public.leads l
  where l.id = p_lead_id and l.user_id in (select private.account_ids()) for no key update;
  if not found then
    perform private.not_found();
  end if;
  perform private.require_role(v_lead.user_id, 'member');
  return v_lead;
end
$$;

-- p_changes: {status?, assignedTo?}; assignedTo null takes it from whoever had it.
create or replace function api.update_lead(p_lead_id uuid, p_changes jsonb) returns jsonb
language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_lead public.leads := private.lock_lead(p_lead_id);
  v_assigned uuid := (p_changes ->> 'assignedTo')::uuid;
begin
  if v_assigned is not null and private.team_role(v_lead.user_id, v_assigned) is null then
    perform private.not_found();
  end if;
  update public.leads l set status = coalesce(p_changes ->> 'status', l.status),
    assigned_to = case when p_changes ? 'assignedTo' then v_assigned else l.assigned_to end
  where l.id = p_lead_id
  returning * into v_lead;
  return jsonb_build_object('lead', private.full_lead_json(v_lead));
end
$$;

-- A spreadsheet of the account's newest leads, formulas made harmless (private.csv_field).
create or replace function api.export_leads(p_account_id uuid, p_limit int) returns text
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_role(p_account_id, 'member');
  return e'capturedAt,name,email,phone,company,jobTitle,score,status,journeyStage,source,budget,timeline,'
    'summary,message,assignedTo,conversationId\r\n' || coalesce((
    select string_agg(concat_ws(',', private.csv_field(private.iso(l.created_at)),
        private.csv_field(l.name), private.csv_field(l.email), private.csv_field(l.phone),
        private.csv_field(l.company), private.csv_field(l.job_title), l.score,
        private.csv_field(l.status), private.csv_field(l.journey_stage), private.csv_field(l.source),
        private.csv_field(l.qualification ->> 'budget'), private.csv_field(l.qualification ->> 'timeline'),
        private.csv_field(l.summary), private.csv_field(l.message),
        private.csv_field(private.person_name(l.assigned_to)),
        private.csv_field(l.conversation_id::text)), e'\r\n' order by l.created_at desc, l.id desc) || e'\r\n'
    from (select * from public.leads o where o.user_id = p_account_id
          order by o.created_at desc, o.id desc limit least(greatest(p_limit, 1), 10000)) l), '');
end
$$;
revoke all on function api.update_lead(uuid, jsonb) from public;
revoke all on function api.export_leads(uuid, int) from public;
grant execute on function api.update_lead(uuid, jsonb) to authenticated;
grant execute on function api.export_leads(uuid, int) to authenticated;
