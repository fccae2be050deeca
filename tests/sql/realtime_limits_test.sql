-- Limits of accounts: whose a topic is, who may set them, and the event that tells programs.
select is(account, 'a0000000-0000-4000-8000-000000000001'::uuid, t || ' is account A''s')
from unnest(array['conversation:a5000000-0000-4000-8000-000000000001', 'agent:a2000000-0000-4000-8000-000000000001',
  'account:a0000000-0000-4000-8000-000000000001']) t cross join lateral realtime.account_of_topic(t);
select is(limits ->> 'events_per_s', '50', 'its limits come along')
from realtime.account_of_topic('account:a0000000-0000-4000-8000-000000000001');
select is(limits ->> 'joins_per_s', null, 'what is not set is null')
from realtime.account_of_topic('account:a0000000-0000-4000-8000-000000000001');
select ok(account is null and limits is null, coalesce(t, 'no topic') || ' is nobody''s')
from unnest(array['room-1', '', null, 'conversation:99999999-9999-4999-8999-999999999999',
  'account:99999999-9999-4999-8999-999999999999', 'ACCOUNT:A0000000-0000-4000-8000-000000000001',
  'account:a0000000-0000-4000-8000-000000000001 ', 'conversation:lobby']) t
cross join lateral realtime.account_of_topic(t);
select is(tests.try(p, $$select account from realtime.account_of_topic('account:a0000000-0000-4000-8000-000000000001')$$),
  'error 42501', p || ' may not ask whose a topic is')
from unnest(array['owner_a', 'visitor_a1', 'anon', 'key_a']) p;

create temp view told as select payload -> 'limits' as limits, topic, private
  from realtime.messages where event = 'limits.updated' and topic = 'account:a0000000-0000-4000-8000-000000000001';
grant select on told to public;
select is((select count(*) from told), 1::bigint, 'setting limits is told');
update realtime_limits set joins_per_s = 7 where user_id = 'a0000000-0000-4000-8000-000000000001';
select is((select count(*) from told where limits ->> 'joins_per_s' = '7' and private), 1::bigint, 'changing them too');
delete from realtime_limits where user_id = 'a0000000-0000-4000-8000-000000000001';
select is((select count(*) from told where limits = '{}'), 1::bigint, 'removing them says that the defaults count');

-- A super admin sets them for any account; an account's owner does not become one.
update auth.users set is_super_admin = true where id = 'c0000000-0000-4000-8000-000000000001';
select is(tests.try('nobody', $$insert into realtime_limits (user_id, enabled) values ('a0000000-0000-4000-8000-000000000001', false)$$),
  '1', 'a super admin sets limits');
select is(tests.try('nobody', $$update realtime_limits set clients_max = 3$$), '1', 'also of an account that is not his');
select is(tests.try('owner_a', $$update auth.users set is_super_admin = true$$), 'error 42501', 'nobody appoints himself');
select throws_ok($$update realtime_limits set payload_bytes_max = 1048577$$, '23514', null, 'a payload never exceeds a frame');
select throws_ok($$update realtime_limits set events_per_s = -1$$, '23514', null, 'no negative limits');
