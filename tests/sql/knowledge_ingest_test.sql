-- Sources and what jobs make of them: passages change in one step, what was there answers until then.
create function tests.upload(p_persona text, p_bytes text) returns jsonb language plpgsql as $$
declare
  v jsonb;
begin
  v := tests.run(p_persona, format($q$select api.begin_upload('a2000000-0000-4000-8000-000000000001', 'Manual', 'm.pdf', 'application/pdf',
    length(%1$L), sha256(%1$L), '{}')$q$, p_bytes))::jsonb;
  if v ? 'is_new' then
    perform tests.run(p_persona, format('select api.add_upload_part(%L, 0, %L)', v ->> 'id', p_bytes));
    v := tests.run(p_persona, format('select api.finish_upload(%L)', v ->> 'id'))::jsonb;
  end if;
  return v;
end
$$;
create function tests.passages(p_source text) returns text language sql as $$
  select string_agg(k.content, ' ' order by k.ordinal) from public.knowledge_chunks k where k.source_id = p_source::uuid
$$;
create table tests.up as select tests.upload('manager_a', 'bytes') as j;
create function tests.source() returns text language sql as $$ select j ->> 'id' from tests.up $$;
select results_eq($$select j ->> 'status', j #>> '{job,status}', j #>> '{job,kind}' from tests.up$$,
  $$values ('pending', 'queued', 'knowledge.file')$$, 'an uploaded file waits for its job');
select is(tests.upload('key_a', 'bytes') ->> 'id', tests.source(), 'the same file again is the same source');
select is(tests.try('member_a', $$select api.begin_upload('a2000000-0000-4000-8000-000000000001', 'x', 'x', null, 1, sha256('y'), '{}')$$),
  'error CP000 insufficient_role Your role in this account does not allow this.', 'members do not upload');
select is(tests.try('key_a_bare', $$select api.begin_upload('a2000000-0000-4000-8000-000000000001', 'x', 'x', null, 1, sha256('y'), '{}')$$),
  'error CP000 insufficient_scope The API key lacks the scope knowledge:write.', 'nor keys without the scope');
select alike(tests.try('manager_a', $$select api.finish_upload((api.begin_upload('a2000000-0000-4000-8000-000000000001', 'x', 'x', null, 2, sha256('z'), '{}') ->> 'id')::uuid)$$),
  'error CP000 conflict %', 'a file that has not come is not read');

create type tests.job as (id uuid, w uuid, a int);
create function tests.work() returns tests.job language sql as $$
  select c.id, '10000000-0000-4000-8000-000000000001'::uuid, c.attempts from api.claim_jobs('10000000-0000-4000-8000-000000000001', '{knowledge.file,knowledge.site}', 1, 15, 2) c
$$;
create table tests.j as select * from tests.work();
select is((select status from knowledge_sources where id = tests.source()::uuid), 'processing', 'a running job shows');
select lives_ok($$select api.ingest_stage(id, w, a, '', 0, '[{"content": "One.", "start": 0, "end": 4}, {"content": "Two.", "page": 2, "start": 6, "end": 10}]') from tests.j$$);
select lives_ok($$select api.ingest_stage(id, w, a, '', 1, '[{"content": "Zwei.", "page": 2, "start": 6, "end": 10}, {"content": "Left over.", "start": 9, "end": 9}]') from tests.j$$, 'a step may be done twice');
select is(tests.passages(tests.source()), null, 'nothing shows before the end');
select lives_ok($$select api.ingest_finish_file(id, w, a, tests.source()::uuid, 2, 'The manual', 'application/pdf', 2) from tests.j$$);
select is(tests.passages(tests.source()), 'One. Zwei.', 'then all of it does, and nothing of an earlier attempt');
select results_eq($$select status, title, page_count, chunk_count from knowledge_sources where id = tests.source()::uuid$$,
  $$values ('ready', 'The manual', 2, 2)$$, 'the file says what it is called');
select is((select api.end_job(id, w, a, 'done', null, null, 0) from tests.j), 'done');
select is((select count(*) from private.knowledge_staging), 0::bigint, 'nothing is left over');

-- The program dies between that and its end, or is late: who has the job then reads from the beginning, and
-- nobody else changes anything.
select is(tests.run('manager_a', format('select api.sync_knowledge_source(%L)', tests.source()))::jsonb #>> '{job,status}', 'queued');
update tests.j set (id, w, a) = (select w.id, w.w, w.a from tests.work() w);
select is((select api.beat_job(id, w, a, 15, 1, 2, '', '{"from": {"page": 2}, "count": 1}') from tests.j), 'go');
select lives_ok($$select api.ingest_stage(id, w, a, '', n, jsonb_build_array(jsonb_build_object('content', case n when 0 then 'One.' else 'Zwei.' end))) from tests.j, generate_series(0, 1) n$$);
select lives_ok($$select api.ingest_finish_file(id, w, a, tests.source()::uuid, 2, null, 'application/pdf', 2) from tests.j$$);
select is((select state::text from private.jobs where id = (select id from tests.j)), '{}', 'a file that is taken over is taken over from its beginning');
update private.jobs set lease_until = now() - interval '1 second' where id = (select id from tests.j);
create table tests.late as table tests.j;
update tests.j set a = (select w.a from tests.work() w where w.id = tests.j.id);
select is((select j.a - l.a from tests.j j, tests.late l), 1, 'another attempt has it');
select alike(tests.try('service', (select format(q, id, w, a, tests.source()) from tests.late)), 'error CP000 conflict The work was cancelled.', 'the earlier one is let through nowhere')
from unnest(array['select api.ingest_stage(%L, %L, %s, '''', 0, ''[{"content": "Late."}]'')', 'select api.ingest_finish_file(%L, %L, %s, %L, 0, null, null, 1)',
  'select api.ingest_add_pages(%L, %L, %s, ''[]'', 1)', 'select api.ingest_next_page(%L, %L, %s, %L)', 'select api.ingest_finish_site(%L, %L, %s, %L)',
  'select api.ingest_finish_page(%L, %L, %s, %L, ''x'', ''failed'', null, null, null, null, null)']) q;
select is(tests.passages(tests.source()), 'One. Zwei.', 'the file is whole');
select is((select api.end_job(id, w, a, 'done', null, null, 0) from tests.j), 'done');

-- Again, and this time it fails: what was there answers.
select is(tests.run('manager_a', format('select api.sync_knowledge_source(%L)', tests.source()))::jsonb #>> '{job,status}', 'queued', 'a sync is a job');
select is(tests.run('manager_a', format('select api.sync_knowledge_source(%L)', tests.source()))::jsonb #>> '{job,id}',
  (select id::text from private.newest_job(tests.source()::uuid)), 'asked twice it is one');
update tests.j set (id, w, a) = (select w.id, w.w, w.a from tests.work() w);
select lives_ok($$select api.ingest_stage(id, w, a, '', 0, '[{"content": "Half.", "start": 0, "end": 4}]') from tests.j$$);
select is((select api.end_job(id, w, a, 'failed', 'file_damaged', 'The file is damaged.', 0) from tests.j), 'failed');
select is(tests.passages(tests.source()), 'One. Zwei.', 'a failure changes no answer');
select results_eq($$select status, error_code from knowledge_sources where id = tests.source()::uuid$$, $$values ('ready', 'file_damaged')$$, 'and is shown');
select is((select count(*) from private.knowledge_staging), 0::bigint, 'its half is gone');

-- Deleting cancels.
select is(tests.run('manager_a', format('select api.sync_knowledge_source(%L)', tests.source()))::jsonb #>> '{job,status}', 'queued');
update tests.j set (id, w, a) = (select w.id, w.w, w.a from tests.work() w);
select is(tests.run('manager_a', format('select api.delete_knowledge_source(%L)', tests.source()))::jsonb ->> 'deleted', 'true');
select is((select api.beat_job(id, w, a, 15, 0, null, '', null) from tests.j), 'cancel', 'a deleted source cancels its job');
select alike(tests.try('service', (select format('select api.ingest_stage(%L, %L, %s, '''', 0, ''[]'')', id, w, a) from tests.j)),
  'error CP000 conflict The work was cancelled.', 'which changes nothing any more');

-- A site: pages one by one, and what is gone goes.
create table tests.site as select tests.run('key_a', $$select api.add_knowledge_source('a2000000-0000-4000-8000-000000000001', 'site', 'https://s.example/', 'S', '{}', '0 4 * * *', now() - interval '1 second')$$)::jsonb as j;
select is((tests.run('key_a', $$select api.add_knowledge_source('a2000000-0000-4000-8000-000000000001', 'site', 'https://s.example/', 'S', '{}', null, null)$$)::jsonb ->> 'duplicate'), 'true', 'the same site is one source');
select is((select api.end_job(id, w, a, 'cancelled', null, null, 0) from tests.j), 'cancelled');
update tests.j set (id, w, a) = (select w.id, w.w, w.a from tests.work() w);
create function tests.site() returns uuid language sql as $$ select (j ->> 'id')::uuid from tests.site $$;
select is((select api.ingest_add_pages(id, w, a, '[{"loc": "https://s.example/1"}, {"loc": "https://s.example/2"}, {"loc": "https://s.example/1"}, {"loc": "https://s.example/3", "lastmod": "nonsense"}]', 3) from tests.j), 3::bigint, 'each page once');
select is((select api.ingest_add_pages(id, w, a, '[{"loc": "https://s.example/4"}]', 3) from tests.j), 3::bigint, 'and not too many');
select results_eq('select n.url, n.total, n.done from tests.j, api.ingest_next_page(j.id, j.w, j.a, tests.site()) n', $$values ('https://s.example/1', 3::bigint, 0::bigint)$$, 'the first page');
create function tests.turn_over() returns boolean language sql as $$ select n.is_turn_over from tests.j, api.ingest_next_page(j.id, j.w, j.a, tests.site()) n $$;
select is(tests.turn_over(), false, 'a turn has begun');
update private.jobs set claimed_at = now() - interval '4 minutes' where id = (select id from tests.j);
select is(tests.turn_over(), false, 'and lasts while nobody else waits');
select lives_ok($$select private.enqueue_job('b0000000-0000-4000-8000-000000000001', 'test', gen_random_uuid(), '{}')$$);
select is(tests.turn_over(), true, 'not when somebody does');
delete from private.jobs where kind = 'test';
select lives_ok(format($$select api.ingest_stage(id, w, a, %1$L, 0, '[{"content": "Page.", "start": 0, "end": 4}]') from tests.j$$, u)) from unnest(array['https://s.example/1', 'https://s.example/2']) u;
select lives_ok(format($$select api.ingest_finish_page(id, w, a, tests.site(), %1$L, 'read', null, 'Title', '"e"', null, 'aa') from tests.j$$, u)) from unnest(array['https://s.example/1', 'https://s.example/2']) u;
select lives_ok($$select api.ingest_finish_page(id, w, a, tests.site(), 'https://s.example/3', 'failed', 'fetch_failed', null, null, null, null) from tests.j$$);
select is((select kept_bytes from knowledge_sources where id = tests.site()), 10::bigint, 'a page counts when it is stored');
select results_eq('select f.pages, f.read, f.failed, f.code from tests.j, api.ingest_finish_site(j.id, j.w, j.a, tests.site()) f', $$values (2::bigint, 2::bigint, 1::bigint, 'fetch_failed')$$, 'a page that fails is one page less');
select is((select kept_bytes from knowledge_sources where id = tests.site()), 10::bigint, 'its bytes count');
select is((select api.end_job(id, w, a, 'done', null, null, 0) from tests.j), 'done');
select results_eq($$select title, url, content from api.knowledge_for_agent('a2000000-0000-4000-8000-000000000001') where source_id = tests.site()$$,
  $$values ('Title', 'https://s.example/1', 'Page.'), ('Title', 'https://s.example/2', 'Page.')$$, 'passages of a site are cited by their page');
select results_eq('select id, schedule from api.due_syncs()', $$select tests.site(), '0 4 * * *'$$, 'a schedule that is due');
select is(api.start_due_sync(tests.site(), now() + interval '1 day'), true, 'is started');
select is(api.start_due_sync(tests.site(), now() + interval '1 day'), false, 'by one program');
update tests.j set (id, w, a) = (select w.id, w.w, w.a from tests.work() w);
select is((select api.ingest_add_pages(id, w, a, '[{"loc": "https://s.example/2"}]', 9) from tests.j), 1::bigint);
select results_eq('select n.etag, n.hash from tests.j, api.ingest_next_page(j.id, j.w, j.a, tests.site()) n', $$values ('"e"', 'aa')$$, 'what is known of a page comes with it');
select lives_ok($$select api.ingest_finish_page(id, w, a, tests.site(), 'https://s.example/2', 'unchanged', null, null, null, null, null) from tests.j$$);
update private.jobs set state = '{"pages_known": true}' where id = (select id from tests.j);
select results_eq('select f.pages from tests.j, api.ingest_finish_site(j.id, j.w, j.a, tests.site()) f', array[1::bigint], 'what the site does not have any more is forgotten');
select is((select state::text from private.jobs where id = (select id from tests.j)), '{}', 'with its last page the job forgets that it knows pages');
select is((select string_agg(external_id, ' ') from knowledge_documents where source_id = tests.site()), 'https://s.example/2');
-- The program dies behind that: the next attempt has no page, knows it, and forgets nothing.
update private.jobs set state = '{"pages_known": true}' where id = (select id from tests.j);
select results_eq('select f.pages, f.code from tests.j, api.ingest_finish_site(j.id, j.w, j.a, tests.site()) f', $$values (0::bigint, 'no_pages')$$, 'a job without pages says so');
select is((select string_agg(external_id, ' ') from knowledge_documents where source_id = tests.site()), 'https://s.example/2', 'and leaves the site as it is');
select is((select state::text from private.jobs where id = (select id from tests.j)), '{}', 'the next attempt looks for pages again');

-- A page that the plan has no room for is not stored, and what was stored counts.
create table tests.version as select knowledge_version as v from agents where id = 'a2000000-0000-4000-8000-000000000001';
select is((select api.end_job(id, w, a, 'done', null, null, 0) from tests.j), 'done');
select is(tests.run('manager_a', format('select api.sync_knowledge_source(%L)', tests.site()))::jsonb #>> '{job,status}', 'queued', 'once more');
update tests.j set (id, w, a) = (select w.id, w.w, w.a from tests.work() w);
select is((select knowledge_version from agents where id = 'a2000000-0000-4000-8000-000000000001'), (select v from tests.version), 'jobs that come and go make no new version');
create table tests.override as select limits from plan_overrides where user_id = 'a0000000-0000-4000-8000-000000000001';
update plan_overrides set limits = limits || jsonb_build_object('storage_bytes', private.used_of(user_id, 'storage_bytes') + 6) where user_id = 'a0000000-0000-4000-8000-000000000001';
select is((select api.ingest_add_pages(id, w, a, '[{"loc": "https://s.example/5"}, {"loc": "https://s.example/6"}]', 9) from tests.j), 2::bigint);
select lives_ok(format($$select api.ingest_stage(id, w, a, %1$L, 0, '[{"content": "Page.", "start": 0, "end": 4}]') from tests.j$$, u)) from unnest(array['https://s.example/5', 'https://s.example/6']) u;
select lives_ok($$select api.ingest_finish_page(id, w, a, tests.site(), 'https://s.example/5', 'read', null, 'Title', null, null, 'aa') from tests.j$$);
select alike(tests.try('service', (select format('select api.ingest_finish_page(%L, %L, %s, %L, ''https://s.example/6'', ''read'', null, ''Title'', null, null, ''aa'')', id, w, a, tests.site()) from tests.j)),
  'error CP000 plan_limit_reached%', 'a page too many');
select is((select string_agg(external_id, ' ' order by external_id) from knowledge_documents where source_id = tests.site()), 'https://s.example/2 https://s.example/5');
select is((select kept_bytes from knowledge_sources where id = tests.site()), 10::bigint, 'is neither stored nor counted');
update plan_overrides set limits = (select limits from tests.override) where user_id = 'a0000000-0000-4000-8000-000000000001';
select isnt((select knowledge_version from agents where id = 'a2000000-0000-4000-8000-000000000001'), (select v from tests.version), 'what is new does');
update tests.version set v = (select knowledge_version from agents where id = 'a2000000-0000-4000-8000-000000000001');
update knowledge_sources set acl_groups = '{x}' where id = tests.site();
select is((select knowledge_version - v from tests.version, agents where id = 'a2000000-0000-4000-8000-000000000001'), 1::bigint, 'and who may see it');

-- An account whose queue is full misses its turn, and nobody else's.
select is((select api.end_job(id, w, a, 'done', null, null, 0) from tests.j), 'done');
update knowledge_sources set next_sync_at = now() - interval '1 second' where id = tests.site();
select lives_ok($$select private.enqueue_job('a0000000-0000-4000-8000-000000000001', 'test', gen_random_uuid(), '{}') from generate_series(1, 200)$$);
select is(api.start_due_sync(tests.site(), now() + interval '1 day'), false, 'a full queue takes no sync');
select is_empty('select id from api.due_syncs()', 'which is due at its next time');
delete from private.jobs where kind = 'test';

-- Items: each on its own, replaced as one.
create function tests.item(p_title text, p_content text) returns jsonb language sql as $$
  select jsonb_build_object('title', p_title, 'content', p_content, 'type', 'faq', 'metadata', '{}'::jsonb,
    'passages', jsonb_build_array(jsonb_build_object('heading', p_title, 'content', p_content, 'start', 0, 'end', 1)))
$$;
create function tests.store(p_items jsonb, p_mode text) returns jsonb language sql as $$
  select tests.run('manager_a', format('select api.store_knowledge_items(''a2000000-0000-4000-8000-000000000001'', %L, %L, ''faq'')', p_items, p_mode))::jsonb
$$;
select results_eq($$select r ->> 'status' from jsonb_array_elements(tests.store(jsonb_build_array(tests.item('Q1', 'A1'), tests.item('Q1', 'A1'),
  '{"error": {"code": "validation_failed"}}'::jsonb, tests.item('Q2', 'A2')), 'add') -> 'results') r$$,
  array['stored', 'duplicate', 'failed', 'stored'], 'each item has its own answer');
select results_eq($$select j ->> 'stored', j ->> 'duplicates' from tests.store(jsonb_build_array(tests.item('Q2', 'A2'), tests.item('Q3', 'A3')), 'replace') j$$,
  $$values ('1', '1')$$, 'replacing keeps what is the same');
select is((select string_agg(d.title, ' ' order by d.title) from knowledge_documents d where d.type = 'faq'), 'Q2 Q3', 'and nothing else');
select is((select count(distinct source_id) from knowledge_documents where type = 'faq'), 1::bigint, 'all of one type are one source');
select is(jsonb_array_length(tests.run('member_a', $$select api.list_knowledge_items('a2000000-0000-4000-8000-000000000001', 'faq', 10, null, null)$$)::jsonb -> 'items'), 2, 'everybody of the account reads them');
select lives_ok($$select tests.run('manager_a', format('select api.delete_knowledge_item(%L)', (select id from knowledge_documents where title = 'Q2')))$$);
select is((select count(*) from knowledge_chunks k join knowledge_sources s on s.id = k.source_id where s.type = 'items'), 1::bigint, 'its passages leave with an item');
select is(tests.run('manager_a', $$select api.get_company_info('a2000000-0000-4000-8000-000000000001')$$)::jsonb ->> 'validationStatus', 'error', 'nothing is known of the company');

-- What needs a group is for managers.
update knowledge_sources set acl_mode = 'rbac', acl_groups = '{staff}' where title = 'Text' and user_id = 'a0000000-0000-4000-8000-000000000001';
select is(tests.try('member_a', $$select api.get_knowledge_source('a9000000-0000-4000-8000-000000000001')$$), 'error CP000 not_found Not found.', 'a member does not see what needs a group');
select is(tests.run('manager_a', $$select api.get_knowledge_source('a9000000-0000-4000-8000-000000000001')$$)::jsonb ->> 'name', 'Text', 'a manager does');
select is((select count(*) from jsonb_array_elements(tests.run('member_a', $$select api.list_knowledge_sources(null, 'a2000000-0000-4000-8000-000000000001', 100, null, null)$$)::jsonb -> 'sources') s where s ->> 'name' = 'Text'), 0::bigint, 'nor in a list');
select is(tests.run('member_a', $$select count(*) from knowledge_documents where source_id = 'a9000000-0000-4000-8000-000000000001'$$), '0', 'nor its documents');
select is((select count(*) from realtime.messages m where m.event like 'knowledge.%' and m.payload::text like '%"name"%'), 0::bigint, 'events name no source');
