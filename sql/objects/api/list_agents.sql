-- The agents of an account, oldest first.
create or replace function api.list_agents(p_account_id uuid) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_reader(p_account_id);
  return jsonb_build_object('agents', (
    select coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'name', a.name,
        'isActive', a.is_active, 'allowedOrigins', to_jsonb(a.allowed_origins),
        'createdAt', private.iso(a.created_at), 'updatedAt', private.iso(a.updated_at))
      order by a.created_at, a.id), '[]')
    from (select g.* from public.agents g where g.user_id = p_account_id
          order by g.created_at, g.id limit 500) a));
end
$$;
revoke all on function api.list_agents(uuid) from public;
grant execute on function api.list_agents(uuid) to authenticated;
