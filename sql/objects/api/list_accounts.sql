-- The accounts a person works in, the own one first; for a super admin the others as well. Also those that
-- keep the person out for want of a second factor, so that somebody can tell them.
create or replace function api.list_accounts() returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_person uuid := private.person_id();
begin
  if v_person is null then
    perform private.fail('forbidden', 'This needs a signed-in person.');
  end if;
  return jsonb_build_object('superAdmin', private.is_super_admin(), 'accounts', (
    select coalesce(jsonb_agg(jsonb_build_object('id', a.id,
        'name', coalesce(nullif(a.display_name, ''), a.slug), 'slug', a.slug,
        'role', coalesce(private.team_role(a.id, v_person), 'super_admin'), 'plan', a.plan, 'isOwner', a.id = v_person,
        'secondFactorRequired', a.second_factor_required,
        'secondFactorMissing', a.second_factor_required and not private.second_factor_given())
      order by a.id <> v_person, lower(coalesce(nullif(a.display_name, ''), a.slug)), a.id), '[]')
    from (select o.* from public.accounts o
          where o.id in (select private.account_ids() union all select private.accounts_wanting_factor())
          order by o.id <> v_person, o.id limit 500) a));
end
$$;
revoke all on function api.list_accounts() from public;
grant execute on function api.list_accounts() to authenticated;
