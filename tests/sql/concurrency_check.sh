# Sourced by run.sh: what only several connections at once can show. Uses psql(), good(), bad(), $work.
script() { as tee "$work/$1" >/dev/null; }
bench() { as "$PG_BIN/pgbench" -n -h "$work" -p 5432 -U "${user:-postgres}" -f "$@" chatpad 2>&1; }
is_sql() { # name, expected, query
  local got
  got=$(psql -At -c "$3" 2>&1)
  if [ "$got" = "$2" ]; then good "$1"; else bad "$1" "have: $got, want: $2"; fi
}

psql >/dev/null <<'SQL'
insert into auth.users (id, email) values ('d0000000-0000-4000-8000-000000000001', 'd@example.com'),
  ('d0000000-0000-4000-8000-000000000002', 'm@example.com');
insert into public.accounts (id, slug) values ('d0000000-0000-4000-8000-000000000001', 'd');
insert into public.agents (id, user_id, name) values
  ('d2000000-0000-4000-8000-000000000001', 'd0000000-0000-4000-8000-000000000001', 'D');
insert into public.visitors (id, user_id, agent_id) values ('d3000000-0000-4000-8000-000000000001',
  'd0000000-0000-4000-8000-000000000001', 'd2000000-0000-4000-8000-000000000001');
insert into public.conversations (id, user_id, agent_id, visitor_id)
select ('d5000000-0000-4000-8000-00000000000' || i)::uuid, 'd0000000-0000-4000-8000-000000000001',
  'd2000000-0000-4000-8000-000000000001', 'd3000000-0000-4000-8000-000000000001'
from generate_series(1, 3) i;
SQL

flight="select set_config('role', 'visitor', true), set_config('request.jwt.claims', '{\"role\":\"visitor\",\"sub\":\"d3000000-0000-4000-8000-000000000001\",\"agent_id\":\"d2000000-0000-4000-8000-000000000001\",\"account_id\":\"d0000000-0000-4000-8000-000000000001\"}', true), set_config('statement_timeout', '5000', true);"

# seq without a hole: eight writers, one conversation, a third of them rolling back.
script seq.sql <<SQL
\\set r random(1, 3)
begin;
$flight
select api.post_visitor_message('d2000000-0000-4000-8000-000000000001', 'd5000000-0000-4000-8000-000000000001', 'x', null, null);
\\if :r = 1
rollback;
\\else
commit;
\\endif
SQL
out=$(user=authenticator bench "$work/seq.sql" -c 8 -j 2 -t 50) && good "eight writers on one conversation" || bad "eight writers on one conversation" "$out"
is_sql "seq is hole-free under concurrent writers and rollbacks" "t|t|t" \
  "select count(*) = max(seq), max(seq) = (select last_seq from conversations where id = 'd5000000-0000-4000-8000-000000000001'), count(*) > 100 from messages where conversation_id = 'd5000000-0000-4000-8000-000000000001'"
is_sql "one durable event per message" "t" \
  "select (select count(distinct seq) from realtime.messages where topic = 'conversation:d5000000-0000-4000-8000-000000000001') = (select count(*) from messages where conversation_id = 'd5000000-0000-4000-8000-000000000001')"

# Idempotency: eight clients post the same client_message_id at once, without and with a conversation.
for mode in "null" "'d5000000-0000-4000-8000-000000000002'"; do
  script same.sql <<SQL
begin;
$flight
select api.post_visitor_message('d2000000-0000-4000-8000-000000000001', $mode, 'same', 'same-${#mode}', null);
commit;
SQL
  out=$(user=authenticator bench "$work/same.sql" -c 8 -j 2 -t 20) && good "160 equal posts ($mode)" || bad "160 equal posts ($mode)" "$out"
  is_sql "are one message ($mode)" "1" "select count(*) from messages where client_message_id = 'same-${#mode}'"
done
is_sql "and one new conversation" "4" "select count(*) from conversations where user_id = 'd0000000-0000-4000-8000-000000000001'"

# The fence under load: answers stream while people take over and hand back. Every append records what it
# was told; after its takeover's commit no text grows and no assistant row appears.
psql >/dev/null <<'SQL'
create table public.fence_log (at timestamptz default clock_timestamp(), message_id uuid, length int);
create function public.fence_answer() returns void language plpgsql as $$
declare
  v_conversation record;
  v_start jsonb;
begin
  select epoch, status into v_conversation from conversations where id = 'd5000000-0000-4000-8000-000000000003';
  v_start := api.start_answer('d5000000-0000-4000-8000-000000000003', v_conversation.epoch, null, 60);
  if (v_start ->> 'started')::boolean then
    insert into fence_log (message_id, length) values ((v_start ->> 'messageId')::uuid, v_conversation.epoch);
  end if;
end $$;
create function public.fence_append(p_length int) returns table (message_id uuid, outcome text) language sql as $$
  select a.message_id, a.outcome from (
    select jsonb_agg(jsonb_build_object('id', message_id, 'epoch', length, 'content', repeat('x', p_length))) as drafts
    from (select message_id, length from fence_log order by at desc limit 1) x) d, api.append_answers(d.drafts, 60) a
$$;
SQL
script answer.sql <<'SQL'
select fence_answer();
select fence_append((random() * 100)::int);
select fence_append((100 + random() * 100)::int);
SQL
person="select set_config('role', 'authenticated', true), set_config('request.jwt.claims', '{\"role\":\"authenticated\",\"sub\":\"d0000000-0000-4000-8000-000000000001\"}', true);"
script takeover.sql <<SQL
begin;
$person
select api.start_takeover('d5000000-0000-4000-8000-000000000003', null);
commit;
create temp table if not exists snap (epoch bigint, rows bigint, chars bigint);
insert into snap select c.epoch, count(m.id), coalesce(sum(length(m.content)), 0)
from conversations c left join messages m on m.conversation_id = c.id and m.role = 'assistant'
where c.id = 'd5000000-0000-4000-8000-000000000003' group by c.epoch;
\\sleep 20 ms
insert into fence_result select s.epoch, s.rows = count(m.id) and s.chars = coalesce(sum(length(m.content)), 0)
from snap s left join messages m on m.conversation_id = 'd5000000-0000-4000-8000-000000000003' and m.role = 'assistant'
group by s.epoch, s.rows, s.chars;
truncate snap;
begin;
$person
select api.end_takeover('d5000000-0000-4000-8000-000000000003', null);
commit;
\\sleep 5 ms
SQL
psql -c 'create table public.fence_result (epoch bigint, still boolean)' || bad "fence tables"
bench "$work/answer.sql" -c 4 -j 1 -T 5 >"$work/answer.out" 2>&1 &
answers=$!
out=$(bench "$work/takeover.sql" -c 1 -t 100) && good "a hundred takeovers against four streaming answers" || bad "a hundred takeovers against four streaming answers" "$out"
wait "$answers" && good "the streams see no error" || bad "the streams see no error" "$(cat "$work/answer.out")"
is_sql "after a takeover commits no text grows and no answer starts" "100|t" "select count(*), bool_and(still) from fence_result"
is_sql "takeovers landed in running answers, whose text is kept" "t" "select count(*) > 20 from messages where conversation_id = 'd5000000-0000-4000-8000-000000000003' and cut_off"
is_sql "seq stays hole-free there" "t" "select count(*) = max(seq) from messages where conversation_id = 'd5000000-0000-4000-8000-000000000003'"

# hold QUERY: another session begins, asks it and keeps what it locks; its first line is in $line.
hold() {
  coproc holder { psql -At; }
  holder_pid=$!
  exec 6<&"${holder[0]}" 7>&"${holder[1]}"
  echo "begin; $1;" >&7
  read -r -t 20 line <&6
}
let_go() {
  printf 'rollback;\n\\q\n' >&7
  exec 7>&- 6<&-
  wait "$holder_pid" 2>/dev/null
}

# Text of running answers is stored past the one whose conversation somebody holds.
psql >/dev/null <<'SQL'
create table public.held_drafts as
select n, api.start_answer(c.id, c.epoch, null, 60) ->> 'messageId' as id, c.epoch, c.id as conversation
from (select 1 as n, id, epoch from conversations where id = 'd5000000-0000-4000-8000-000000000003'
  union all select 2, id, epoch from conversations where id = 'd5000000-0000-4000-8000-000000000002') c;
SQL
hold "select 'held' from conversations where id = (select conversation from held_drafts where n = 1) for update"
is_sql "the text of the others is stored, the held one's is busy" "held|1 busy" \
  "select '$line', (select string_agg(h.n || ' ' || a.outcome, ',') from (select jsonb_agg(jsonb_build_object('id', id, 'epoch', epoch, 'content', 'said ' || n)) as drafts from held_drafts) d,
     api.append_answers(d.drafts, 60) a join held_drafts h on h.id::uuid = a.message_id)"
is_sql "the other one has its text" "said 2" "select content from messages where id = (select id::uuid from held_drafts where n = 2)"
let_go

# Two programs rotate one refresh token at once: one rotates, the others get the active token.
psql >/dev/null <<'SQL'
select api.auth_create_session('d0000000-0000-4000-8000-000000000001', 'r0', null, null, 'password');
create table public.rotations (outcome text, sealed text);
SQL
script rotate.sql <<'SQL'
\set n random(1, 1000000000)
insert into rotations select r ->> 'outcome', r ->> 'sealed'
from api.auth_rotate_refresh('r0', ('n' || :n || '-' || :client_id)::bytea, 's' || :n, 10) r;
SQL
out=$(bench "$work/rotate.sql" -c 8 -j 2 -t 3) || bad "concurrent refresh" "$out"
is_sql "one of 24 concurrent refreshes rotates, the rest get its token" "reused 23 1, rotated 1 1" \
  "select string_agg(outcome || ' ' || n || ' ' || d, ', ' order by outcome) from (select outcome, count(*) n, count(distinct sealed) d from rotations group by 1) x"

# A job whose row somebody has locked keeps nobody from the one behind it.
psql -At -c "select private.enqueue_job('d0000000-0000-4000-8000-000000000001', 'locked', gen_random_uuid(), '{}') from generate_series(1, 2);
  update private.jobs set run_at = run_at - interval '1 minute' where id = (select id from private.jobs where kind = 'locked' limit 1)" >/dev/null
hold "select 'locked' from private.jobs where kind = 'locked' and run_at < now() - interval '30 seconds' for update"
is_sql "a locked job is passed over" "locked|1" \
  "select '$line', count(*) from api.claim_jobs(gen_random_uuid(), '{locked}', 1, 15, 2)"
let_go

# Seeding from two programs at once.
script seed.sql <<'SQL'
select api.seed_demo('h', sha256('k'), 'cp');
SQL
out=$(bench "$work/seed.sql" -c 4 -j 2 -t 2) && good "concurrent seeding" || bad "concurrent seeding" "$out"
is_sql "makes one shop" "1|2" "select (select count(*) from agents a join accounts o on o.id = a.user_id where o.slug = 'demo'), (select count(*) from conversations c join accounts o on o.id = c.user_id where o.slug = 'demo')"
out=$(psql -f - <"$sql/seed/demo.sql" 2>&1) && good "seed/demo.sql runs" || bad "seed/demo.sql runs" "$out"
