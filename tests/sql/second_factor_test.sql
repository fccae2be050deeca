-- An account that lets nobody in without a second factor: what says who belongs to an account says so.
insert into tests.personas select name || '_2', db_role, claims || '{"aal":"aal2"}' from tests.personas
where name in ('owner_a', 'member_a', 'owner_b', 'nobody');
insert into tests.personas select 'member_a_other', db_role, claims - 'aal' from tests.personas where name = 'member_a';
insert into tests.personas select 'member_a_odd', db_role, claims || '{"aal":["aal2"]}' from tests.personas where name = 'member_a';
insert into public.team_members (owner_id, member_id, role) values
  ('b0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000004', 'manager');
update public.accounts set second_factor_required = true where id = 'a0000000-0000-4000-8000-000000000001';

create function tests.access(p_persona text, p_account text) returns text language sql as $$
  select tests.run(p_persona, format('select concat_ws('' '', coalesce(public.account_role(%1$L), ''-''), public.has_account_access(%1$L),
    (select count(*) from public.conversations where user_id = %1$L), (select count(*) from public.accounts where id = %1$L),
    (select count(*) from realtime.account_ids() i where i = %1$L))', p_account || '0000000-0000-4000-8000-000000000001'))
$$;
select is(tests.access(p, 'a'), w, p || ' in the account that asks') from (values ('owner_a', '- f 0 0 0'), ('member_a', '- f 0 0 0'),
  ('member_a_other', '- f 0 0 0'), ('member_a_odd', '- f 0 0 0'), ('owner_a_2', 'owner t 1 1 1'), ('member_a_2', 'member t 1 1 1'),
  ('owner_b_2', '- f 0 0 0'), ('nobody_2', '- f 0 0 0')) v (p, w);
select is(tests.access(p, 'b'), w, p || ' in another') from (values ('member_a', 'manager t 1 1 1'), ('member_a_2', 'manager t 1 1 1'),
  ('owner_b', 'owner t 1 1 1'), ('owner_a', '- f 0 0 0')) v (p, w);

-- A super admin as well; the platform's own pages go on.
update auth.users set is_super_admin = true where id = 'c0000000-0000-4000-8000-000000000001';
select is(tests.access('nobody', 'a'), '- f 0 0 0', 'a super admin without');
select is(tests.access('nobody', 'b'), 'owner t 1 1 1', 'elsewhere as before');
select is(tests.access('nobody_2', 'a'), 'owner t 1 1 1', 'a super admin with one');
update auth.users set is_super_admin = false where id = 'c0000000-0000-4000-8000-000000000001';

-- What functions say: to whom it concerns the same of every id, to others nothing.
select is(left(tests.try(p, format('select api.get_conversation(%L)', i)), 32), w, p || ' asks for ' || i)
from (values ('member_a', 'error CP000 insufficient_aal Not'), ('owner_a', 'error CP000 insufficient_aal Not'), ('owner_b', 'error CP000 not_found Not found.'),
  ('nobody', 'error CP000 not_found Not found.')) v (p, w),
  unnest(array['a5000000-0000-4000-8000-000000000001', 'a5000000-0000-4000-8000-0000000000ff']) i;
select is(tests.try('member_a_2', $$select api.get_conversation('a5000000-0000-4000-8000-0000000000ff')$$), 'error CP000 not_found Not found.', 'with the factor it is not found');
select is(tests.run('member_a', $$select jsonb_agg(x -> 'secondFactorMissing' order by x ->> 'slug')::text from jsonb_array_elements(api.list_accounts() -> 'accounts') x$$),
  '[true, false]', 'both accounts are listed');

-- Joins.
select is((select factor_wanted from realtime.account_of_topic('account:a0000000-0000-4000-8000-000000000001')), false, 'nobody is told of it');
create function tests.wanted(p_persona text) returns boolean language plpgsql as $$
begin
  perform set_config('request.jwt.claims', (select claims::text from tests.personas where name = p_persona), true);
  return (select factor_wanted from realtime.account_of_topic('conversation:a5000000-0000-4000-8000-000000000001'));
end
$$;
select is(tests.wanted(p), w, p || ' joins') from (values ('member_a', true), ('owner_a', true), ('member_a_2', false),
  ('owner_b', false), ('visitor_a1', false), ('service', false)) v (p, w);

-- Who may ask for it.
update public.accounts set second_factor_required = false where id = 'a0000000-0000-4000-8000-000000000001';
select is(left(tests.try(p, $$select api.require_second_factor('a0000000-0000-4000-8000-000000000001', true, null)$$), length(w)), w, p || ' asks everybody')
from (values ('owner_a_2', '{"required": true}'), ('owner_a', 'error CP000 insufficient_aal Add'), ('member_a_2', 'error CP000 insufficient_role'),
  ('owner_b_2', 'error CP000 not_found'), ('nobody_2', 'error CP000 not_found'), ('visitor_a1', 'error 42501'), ('key_a', 'error 42501'), ('service', 'error 42501')) v (p, w);
