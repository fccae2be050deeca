-- What a page of an agent may say, and who may frame it.
create function tests.page(p_id uuid, p_persona text default 'anon') returns text language sql as
  $$select tests.try(p_persona, format('select name || ''|'' || replace(allowed_origins, e''\n'', '' '') from api.get_agent_page(%L)', p_id))$$;

select is(tests.page('a2000000-0000-4000-8000-000000000001', p.persona), 'Agent a|', p.persona || ' sees the page of any agent; an empty list is an empty text')
from unnest(array['anon', 'visitor_a1', 'visitor_b1', 'owner_b', 'key_b', 'service']) p (persona);
select is(tests.page(id), 'error CP000 not_found Not found.', coalesce(id::text, 'null') || ' is no agent')
from unnest(array[gen_random_uuid(), null, 'a0000000-0000-4000-8000-000000000001', 'a5000000-0000-4000-8000-000000000001']) id;

update agents set allowed_origins = o.origins from (values (array['https://b.example:8443', 'https://Shop.example/'])) o (origins)
where id = 'a2000000-0000-4000-8000-000000000001';
select is(tests.page('a2000000-0000-4000-8000-000000000001'), 'Agent a|https://b.example:8443 https://shop.example', 'one origin a line');
update agents set allowed_origins = array[e'https://a.example\nhttps://evil.example', 'https://a.example https://b.example', e'https://c\td', 'https://good.example']
where id = 'a2000000-0000-4000-8000-000000000001';
select is(tests.page('a2000000-0000-4000-8000-000000000001'), 'Agent a|https://good.example', 'an entry with a blank or a line break is left out whole');
update agents set allowed_origins = array[e'https://a.example\nhttps://evil.example'] where id = 'a2000000-0000-4000-8000-000000000001';
select is(tests.page('a2000000-0000-4000-8000-000000000001'), 'Agent a|none', 'a list without a usable entry is not an empty list');

update agents set is_active = false where id = 'a2000000-0000-4000-8000-000000000001';
select is(tests.page('a2000000-0000-4000-8000-000000000001'), 'error CP000 not_found Not found.', 'an agent that is switched off has no page');
update agents set is_active = true where id = 'a2000000-0000-4000-8000-000000000001';
update accounts set status = 'suspended' where id = 'a0000000-0000-4000-8000-000000000001';
select is(tests.page('a2000000-0000-4000-8000-000000000001'), 'error CP000 not_found Not found.', 'nor has one of an account that is not active');
