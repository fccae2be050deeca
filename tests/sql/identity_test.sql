-- Whose a conversation is when a site vouches for its customer: moves from nobody to somebody, never further.
create function tests.who(p_identifier text, p_from uuid default null) returns uuid language sql as $$
  select visitor_id from api.identify_visitor('a2000000-0000-4000-8000-000000000001', null, false, p_from, p_identifier, '{}', '{}')
$$;
create function tests.owner_of() returns uuid language sql as $$
  select visitor_id from public.conversations where id = 'a5000000-0000-4000-8000-000000000001'
$$;
select is(tests.who('ann'), tests.who('ann'), 'an identifier is one visitor');
select isnt(tests.who('ann'), tests.who('Ann'), 'another is another');
select is(tests.who('ann', 'a3000000-0000-4000-8000-000000000001'), tests.who('ann'), 'also with an anonymous past');
select is(tests.owner_of(), tests.who('ann'), 'which becomes theirs');
select is((select conversation_id from api.identify_visitor('a2000000-0000-4000-8000-000000000001', null, false, null, 'ann', '{}', '{}')),
  'a5000000-0000-4000-8000-000000000001'::uuid, 'and is what they find again');
select isnt(tests.who('bob', tests.who('ann')), null, 'who names an identified visitor''s id');
select is(tests.owner_of(), tests.who('ann'), 'gets nothing of theirs');
select isnt(tests.who('bob', 'b3000000-0000-4000-8000-000000000001'), null, 'nor does an id of another account');
select is((select visitor_id from public.conversations where id = 'b5000000-0000-4000-8000-000000000001'),
  'b3000000-0000-4000-8000-000000000001'::uuid, 'give anything');

-- An identified visitor's id alone is good for nothing.
select is(tests.try('anon', format('select coalesce(visitor_id::text, ''nobody'') from api.get_widget_config(%L, null, %L)',
  'a2000000-0000-4000-8000-000000000001', tests.who('ann'))), 'nobody', 'anybody with the id is nobody');
select is(tests.try('service', format('select visitor_id::text from api.get_widget_config(%L, null, %L)',
  'a2000000-0000-4000-8000-000000000001', tests.who('ann'))), tests.who('ann')::text, 'the program is believed');
select is(tests.try('anon', $$select coalesce(visitor_id::text, 'nobody') from api.get_widget_config('a2000000-0000-4000-8000-000000000001', null, 'a3000000-0000-4000-8000-000000000002')$$),
  'a3000000-0000-4000-8000-000000000002', 'an anonymous visitor keeps their id');
update public.agents set identity_required = true;
select is(tests.try('anon', $$select visitor_id from api.get_widget_config('a2000000-0000-4000-8000-000000000001', null, 'a3000000-0000-4000-8000-000000000002', true)$$),
  'error CP000 identity_required This chat is for signed-in customers.', 'unless the agent wants customers only');
update public.agents set allowed_origins = '{https://a.example}';
select throws_ok($$select api.identify_visitor('a2000000-0000-4000-8000-000000000001', 'https://evil.example', false, null, 'zoe', '{}', '{}')$$,
  'CP000', 'This site may not use this agent.', 'a site that is not on the list vouches for nobody');

-- Which secrets count, and who may ask.
select is(tests.try(p, $$select version from api.identity_settings('a2000000-0000-4000-8000-000000000001')$$), w, p || ' asks')
from (values ('owner_a', '1'), ('admin_a', '1'), ('manager_a', 'error CP000 insufficient_role Your role in this account does not allow this.'),
  ('client_a', 'error CP000 insufficient_role Your role in this account does not allow this.'), ('visitor_a1', 'error 42501'), ('key_a', 'error 42501')) v (p, w);
select is((select row(current_version, previous_version)::text from api.identity_versions('a2000000-0000-4000-8000-000000000001')), '(1,)', 'one at first');
select is(tests.try('admin_a', $$select version from api.rotate_identity_secret('a2000000-0000-4000-8000-000000000001', 60)$$), '2', 'an admin makes another');
update public.agents set identity_version = 2, identity_previous_until = now() + interval '1 minute';
select is((select row(current_version, previous_version)::text from api.identity_versions('a2000000-0000-4000-8000-000000000001')), '(2,1)', 'both count');
update public.agents set identity_previous_until = now();
select is((select row(current_version, previous_version)::text from api.identity_versions('a2000000-0000-4000-8000-000000000001')), '(2,)', 'until the time is over');
