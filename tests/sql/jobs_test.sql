-- The queue: who gets what, in which order, and what becomes of it when nobody is there any more.
create function tests.enqueue(p text, p_kind text) returns uuid language sql as $$
  select (private.enqueue_job((p || '0000000-0000-4000-8000-000000000001')::uuid, p_kind, gen_random_uuid(), '{}')).id
$$;
create function tests.claim(p_worker int, p_count int, p_lease_s int default 15) returns table (id uuid, account text, attempts int)
language sql as $$
  select c.id, left(c.user_id::text, 1), c.attempts from api.claim_jobs(
    ('10000000-0000-4000-8000-00000000000' || p_worker)::uuid, '{test}', p_count, p_lease_s, 2) c
$$;
create function tests.attempt(p_id uuid) returns int language sql as $$ select j.attempts from private.jobs j where j.id = p_id $$;
create function tests.beat(p_id uuid, p_worker int) returns text language sql as $$
  select api.beat_job(p_id, ('10000000-0000-4000-8000-00000000000' || p_worker)::uuid, tests.attempt(p_id), 15, 1, 2, 'half', '{"at": 1}')
$$;
create function tests.end_job(p_id uuid, p_worker int, p_outcome text) returns text language sql as $$
  select api.end_job(p_id, ('10000000-0000-4000-8000-00000000000' || p_worker)::uuid, tests.attempt(p_id), p_outcome, null, null, 0)
$$;

create table tests.jobs as
select 'a' || n as name, tests.enqueue('a', 'test') as id from generate_series(1, 4) n
union all select 'b1', tests.enqueue('b', 'test') union all select 'other', tests.enqueue('b', 'another');
update private.jobs j set run_at = now() - interval '1 hour' + k.n * interval '1 second'
from (select id, row_number() over (order by name) as n from tests.jobs) k where j.id = k.id;
create function tests.job(p text) returns uuid language sql as $$ select id from tests.jobs where name = p $$;

select results_eq('select account from tests.claim(1, 3)', array['a', 'b', 'a'], 'accounts take turns, whoever came first');
select is((select count(*) from tests.claim(2, 5)), 0::bigint, 'an account gets no more than its share, and a kind nobody does waits');
select is(tests.beat(tests.job('a1'), 1), 'go', 'whoever has a job goes on');
select is(tests.beat(tests.job('a1'), 2), 'lost', 'somebody else does not');
select results_eq($$select status, done, total, note, state::text from private.jobs where id = tests.job('a1')$$,
  $$values ('running', 1::bigint, 2::bigint, 'half', '{"at": 1}')$$, 'a beat keeps what is done');
select is(tests.end_job(tests.job('a1'), 2, 'done'), 'lost', 'nor ends it');
select is(tests.end_job(tests.job('a1'), 1, 'done'), 'done', 'whoever has it does');
select is(tests.end_job(tests.job('a1'), 1, 'done'), 'lost', 'once');
select results_eq('select account from tests.claim(2, 5)', array['a'], 'which makes room for the next');

-- A worker dies.
update private.jobs set lease_until = now() - interval '1 second' where id = tests.job('b1');
select results_eq('select account, attempts from tests.claim(2, 5)', $$values ('b', 2)$$, 'whose lease is over is taken again');
select is(tests.beat(tests.job('b1'), 1), 'lost', 'and the first has lost it');
select is((select state::text from private.jobs where id = tests.job('b1')), '{}', 'what it says then is not kept');
update private.jobs set lease_until = now() - interval '1 second' where id = tests.job('b1');
select results_eq('select account, attempts from tests.claim(2, 5)', $$values ('b', 3)$$, 'also by the same program');
select results_eq($$select api.beat_job(tests.job('b1'), '10000000-0000-4000-8000-000000000002', n, 15, 1, 2, 'half', null) from generate_series(2, 3) n$$,
  array['lost', 'go'], 'whose earlier attempt has lost it');
select is(api.end_job(tests.job('b1'), '10000000-0000-4000-8000-000000000002', 2, 'done', null, null, 0), 'lost', 'and does not end it');
update private.jobs set lease_until = now() - interval '1 second', attempts = attempts_max where id = tests.job('b1');
select is((select count(*) from tests.claim(1, 5)), 0::bigint, 'not for ever');
select results_eq($$select status, error_code from private.jobs where id = tests.job('b1')$$,
  $$values ('failed', 'interrupted')$$, 'in the end it has failed');

-- Again, cancelled, handed back.
select is(tests.end_job(tests.job('a2'), 1, 'again'), 'queued', 'a failure that may pass');
update private.jobs set cancel_requested = true where id = tests.job('a3');
select is(tests.beat(tests.job('a3'), 2), 'cancel', 'a cancelled job is told at the next beat');
select is(tests.end_job(tests.job('a3'), 2, 'failed'), 'cancelled', 'and has not failed when it fails of that');
update private.jobs set run_at = now() - interval '2 hours' where id = tests.job('a2');
select results_eq('select attempts from tests.claim(3, 1)', array[2], 'a second attempt');
select is(tests.end_job(tests.job('a2'), 3, 'yield'), 'queued', 'one that lets others have their turn');
update private.jobs set run_at = now() - interval '2 hours' where id = tests.job('a2');
select results_eq('select account, attempts from tests.claim(3, 1)', $$values ('a', 2)$$, 'has lost no attempt when it goes on');
select is(api.release_jobs('10000000-0000-4000-8000-000000000003'), 1, 'a program that ends hands its jobs back');
select results_eq($$select status, attempts from private.jobs where id = tests.job('a2')$$, $$values ('queued', 1)$$, 'which is no attempt');
select isnt((select count(*) from tests.claim(3, 5)), 0::bigint, 'somebody has them again');
select cmp_ok(api.release_lost_jobs(), '>', 0, 'the only program of a database starts');
select isnt((select count(*) from tests.claim(4, 5)), 0::bigint, 'and takes what was left');

select lives_ok($$select tests.enqueue('a', 'test') from generate_series(1, 200)$$, 'two hundred may wait');
select throws_ok($$select tests.enqueue('a', 'test') from generate_series(1, 9)$$, 'CP000', null, 'not more');
update private.jobs set finished_at = now() - interval '8 days' where id = tests.job('a1');
select is(api.forget_jobs(), 1, 'ended jobs are forgotten after a week');
select results_eq('select waiting > 100, oldest_s >= 0 from api.jobs_waiting()', 'values (true, true)', 'what waits is counted');
select is((select count(*) from (values ('owner_a'), ('key_a')) p (name)
  where tests.try(p.name, $$select count(*) from private.jobs$$) like 'error 42501%'), 2::bigint, 'nobody reads the queue itself');
