// Row changes as supabase-js and bare Phoenix frames get them: shapes, filters, rights, bulk.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { account, jwt, member, supabase, visitor } from '../lib/callers.mjs';
import { Socket } from '../lib/realtime.mjs';
import { eventually, startServer } from '../lib/server.mjs';

let server;
let [red, blue] = [];
before(async () => {
  server = await startServer();
  [red, blue] = [await account(server), await account(server)];
});
// A client without channels keeps its socket for a while, and with it this process.
const clients = new Set();
after(async () => {
  for (const client of clients) {
    await client.removeAllChannels();
    await client.realtime.disconnect();
  }
  await server?.stop();
});

const sql = (text) => server.sql.unsafe(text);
// A table as a project's own SQL makes one: everybody may read it unless `policies` says otherwise.
async function table(name, columns, { policies = '', more = '' } = {}) {
  await sql(`create table public.${name} (${columns});
    ${policies ? `alter table public.${name} enable row level security; ${policies};` : ''}
    alter publication supabase_realtime add table public.${name}; ${more}`);
}

// Subscribes with supabase-js. `bindings` are the arguments of on(); events and system messages are kept.
async function listen(client, bindings, { name = `t-${Math.random()}`, config = {} } = {}) {
  const heard = { events: [], system: [], statuses: [] };
  clients.add(client);
  const channel = client.channel(name, { config });
  channel.on('system', {}, (message) => heard.system.push(message));
  [].concat(bindings).forEach((binding, index) =>
    channel.on('postgres_changes', binding, (event) => heard.events.push({ ...event, index })));
  channel.subscribe((status, error) => heard.statuses.push(error ? `${status}: ${error.message}` : status));
  await eventually(`the join of ${name}: ${heard.statuses}`, () => heard.statuses.length > 0);
  heard.channel = channel;
  heard.leave = () => client.removeChannel(channel);
  heard.next = (predicate, ms = 10_000) =>
    eventually(`a change, of ${JSON.stringify(heard.events).slice(0, 800)}`, () => heard.events.find(predicate), ms);
  heard.subscribed = () =>
    eventually(`subscribed: ${JSON.stringify(heard.system)}`, () => heard.system.find((message) => message.status === 'ok'));
  return heard;
}
async function live(client, bindings, options) {
  const heard = await listen(client, bindings, options);
  await heard.subscribed();
  assert.equal(heard.statuses[0], 'SUBSCRIBED');
  return heard;
}
// Nothing more comes once a change made afterwards has come.
async function settled(heard, marker) {
  await sql(marker);
  const before = heard.events.length;
  await eventually('the marker', () => heard.events.length > before);
}

describe('a table that everybody may read', () => {
  before(() => table('notes', 'id bigint primary key, body text, n int, at timestamptz, tags text[], meta jsonb, price numeric(8,2), ok bool'));

  it('gives INSERT, UPDATE and DELETE in the shapes of supabase-js', async () => {
    const client = supabase(server);
    const heard = await live(client, { event: '*', schema: 'public', table: 'notes' });
    assert.deepEqual(heard.system[0], {
      extension: 'postgres_changes', status: 'ok', message: 'Subscribed to PostgreSQL', channel: heard.channel.subTopic,
    });
    await sql(`insert into notes values (1, 'hällo "x"', 7, '2026-01-02 03:04:05.25+00', '{a,"b c",NULL}', '{"a": [1, null]}', 12.50, true)`);
    const inserted = await heard.next((event) => event.eventType === 'INSERT');
    assert.deepEqual(inserted.new, {
      id: 1, body: 'hällo "x"', n: 7, at: '2026-01-02T03:04:05.25+00:00', tags: ['a', 'b c', null], meta: { a: [1, null] }, price: 12.5, ok: true,
    });
    assert.deepEqual([inserted.old, inserted.schema, inserted.table, inserted.errors], [{}, 'public', 'notes', null]);
    assert.match(inserted.commit_timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(Math.abs(Date.parse(inserted.commit_timestamp) - Date.now()) < 60_000);
    await sql(`update notes set n = null where id = 1`);
    const updated = await heard.next((event) => event.eventType === 'UPDATE');
    assert.equal(updated.new.n, null);
    assert.equal(updated.new.body, 'hällo "x"');
    assert.deepEqual(updated.old, { id: 1 });
    await sql('delete from notes where id = 1');
    const deleted = await heard.next((event) => event.eventType === 'DELETE');
    assert.deepEqual([deleted.new, deleted.old], [{}, { id: 1 }]);
    await heard.leave();
  });

  for (const vsn of ['1.0.0', '2.0.0']) {
    it(`echoes bindings and sends frames as version ${vsn} has them`, async () => {
      const socket = new Socket(server, { vsn });
      await socket.opened;
      const bindings = [
        { event: 'INSERT', schema: 'public', table: 'notes', filter: 'n=gt.5' },
        { event: '*', schema: 'public', table: 'notes', select: ['body'] },
        { event: '*', schema: 'public' },
      ];
      const joined = await socket.join('realtime:frames', { postgres_changes: bindings });
      assert.equal(joined.status, 'ok');
      const echoed = joined.response.postgres_changes;
      assert.deepEqual(echoed.map(({ id, ...rest }) => rest), bindings);
      echoed.forEach(({ id }) => assert.ok(Number.isSafeInteger(id) && id > 0));
      const system = await socket.next('system', (frame) => frame.event === 'system');
      assert.deepEqual(system.payload, { extension: 'postgres_changes', status: 'ok', message: 'Subscribed to PostgreSQL', channel: 'frames' });
      const id = vsn === '1.0.0' ? 11 : 12;
      await sql(`insert into notes (id, body, n) values (${id}, 'framed', 6)`);
      const frames = () => socket.received.filter((frame) => frame.event === 'postgres_changes');
      await eventually('two frames', () => frames().length === 2);
      const [whole, part] = frames().sort((a, b) => b.payload.ids.length - a.payload.ids.length);
      assert.deepEqual([...whole.payload.ids].sort(), [echoed[0].id, echoed[2].id].sort());
      assert.deepEqual(part.payload.ids, [echoed[1].id]);
      assert.deepEqual(part.payload.data.record, { id, body: 'framed' });
      assert.deepEqual(part.payload.data.columns, [{ name: 'id', type: 'int8' }, { name: 'body', type: 'text' }]);
      assert.deepEqual(whole.payload.data.columns.map(({ type }) => type), ['int8', 'text', 'int4', 'timestamptz', '_text', 'jsonb', 'numeric', 'bool']);
      assert.deepEqual([whole.ref, whole.topic, whole.payload.data.type, whole.payload.data.errors], [null, 'realtime:frames', 'INSERT', null]);
      assert.ok(!('old_record' in whole.payload.data));
      socket.close();
    });
  }

  it('is filtered by every operator, and by several at once', async () => {
    const client = supabase(server);
    const cases = {
      'body=eq.alpha': [1], 'body=neq.alpha': [2, 3], 'n=lt.2': [1], 'n=lte.2': [1, 2], 'n=gt.2': [3], 'n=gte.2': [2, 3],
      'n=in.(1,3)': [1, 3], 'body=in.("be,ta","x\\"y")': [2], 'body=like.al%': [1], 'body=ilike.%ET_': [], 'body=ilike.%TA': [2],
      'body=match.^(al|ga)': [1, 3], 'body=imatch.GAMMA': [3], 'ok=is.null': [3], 'ok=is.true': [1], 'ok=not.is.null': [1, 2],
      'ok=isdistinct.true': [2, 3], 'ok=not.isdistinct.true': [1], 'body=not.in.(alpha)': [2, 3], 'n=not.eq.2': [1, 3],
      'price=eq.1.5': [1], 'price=gt.1.49,n=lt.3': [1, 2], 'at=gte.2026-01-02T00:00:00Z': [2, 3], 'body=gt.b': [2, 3],
      'meta=eq.{"a":1}': [1], 'body=like.*%': [], '': [1, 2, 3],
    };
    const heard = await live(client, Object.keys(cases).map((filter) => ({ event: 'INSERT', schema: 'public', table: 'notes', ...(filter ? { filter } : {}) })));
    await sql(`delete from notes; insert into notes (id, body, n, price, at, ok, meta) values
      (1, 'alpha', 1, 1.50, '2026-01-01', true, '{"a": 1}'), (2, 'be,ta', 2, 2, '2026-01-02', false, '{}'), (3, 'gamma', 3, null, '2026-01-03', null, null)`);
    await eventually('all', () => heard.events.some((event) => event.new.id === 3 && event.index === Object.keys(cases).length - 1));
    Object.entries(cases).forEach(([filter, expected], index) => {
      const got = heard.events.filter((event) => event.index === index).map((event) => event.new.id);
      assert.deepEqual(got, expected, filter);
    });
    await heard.leave();
  });

  it('refuses what makes no sense, says so, and fails the join when asked to wait', async () => {
    const client = supabase(server);
    const binding = { event: 'INSERT', schema: 'public', table: 'notes' };
    for (const bad of [
      { ...binding, table: 'nowhere' }, { ...binding, filter: 'nothing=eq.1' }, { ...binding, filter: 'n=eq.seven' }, { ...binding, filter: 'n=between.1' },
      { ...binding, filter: 'n' }, { ...binding, filter: 'body=match.(' }, { ...binding, filter: 'n=like.1' }, { ...binding, filter: 'n=in.1' }, { ...binding, filter: 'n=is.true' },
      { ...binding, filter: `n=in.(${Array.from({ length: 101 }, (_, i) => i)})` }, { ...binding, select: ['nothing'] }, { event: 'INSERT', schema: '*', table: '*', filter: 'n=eq.1' },
      { ...binding, filter: `body=eq."${'x'.repeat(9000)}"` }, { ...binding, filter: 'n=eq.1; drop table notes' }, { ...binding, table: 'notes"; drop table notes; --' },
    ]) {
      const heard = await listen(client, bad);
      assert.equal(heard.statuses[0], 'SUBSCRIBED');
      const said = await eventually('a refusal', () => heard.system[0]);
      assert.equal(said.status, 'error', JSON.stringify(bad).slice(0, 100));
      assert.match(said.message, /Unable to subscribe to changes with given parameters|Error parsing `filter` params/);
      await heard.leave();
    }
    const socket = new Socket(server);
    await socket.opened;
    const refused = await socket.join('realtime:w', { postgres_changes: [{ ...binding, table: 'nowhere' }], postgres_changes_options: { wait: true } });
    assert.equal(refused.status, 'error');
    assert.match(refused.response.reason, /^RealtimeDisabledForConfiguration: Unable to subscribe/);
    assert.equal((await socket.join('realtime:w', { postgres_changes: [binding], postgres_changes_options: { wait: true, timeout: 9000 } })).status, 'ok');
    socket.close();
    assert.equal((await sql('select count(*)::int n from notes'))[0].n, 3);
  });

  it('is live at the reply: every write on receipt of SUBSCRIBED comes', async () => {
    const client = supabase(server);
    clients.add(client);
    for (let round = 0; round < 40; round += 1) {
      const id = 10_000 + round;
      const heard = { events: [] };
      const channel = client.channel(`live-${round}`);
      channel.on('postgres_changes', { event: 'INSERT', schema: 'public', table: 'notes', filter: `id=eq.${id}` }, (event) => heard.events.push(event));
      await new Promise((resolve, reject) =>
        channel.subscribe((status) => (status === 'SUBSCRIBED' ? sql(`insert into notes (id) values (${id})`).then(resolve, reject) : undefined)));
      await eventually(`write ${round}`, () => heard.events.length === 1);
      await client.removeChannel(channel);
    }
  });
});

describe('rights', () => {
  before(async () => {
    await table('papers', 'id int primary key, owner uuid, body text, secret text', {
      policies: `create policy own on public.papers for select to authenticated using (owner = auth.uid());
        revoke all on public.papers from anon, authenticated; grant select (id, owner, body), insert, delete on public.papers to authenticated`,
      more: 'alter table public.papers replica identity full',
    });
  });
  const on = (name, more = {}) => ({ event: '*', schema: 'public', table: name, ...more });

  it('two accounts never see each other, deletes included', async () => {
    const [mine, yours] = [await live(red.client, on('papers')), await live(blue.client, on('papers'))];
    await sql(`insert into papers values (1, '${red.id}', 'r', 's'), (2, '${blue.id}', 'b', 's'), (3, '${red.id}', 'r', 's');
      update papers set body = 'again'; delete from papers where id < 3`);
    await mine.next((event) => event.eventType === 'DELETE');
    await yours.next((event) => event.eventType === 'DELETE');
    const seen = (heard) => heard.events.map(({ eventType, new: now, old }) => `${eventType} ${now.id ?? old.id}`);
    // Only the later state of row 3 is there to be seen; 1 and 2 were gone before anybody could be asked, or not.
    assert.ok(seen(mine).every((event) => !event.endsWith(' 2')), String(seen(mine)));
    assert.ok(seen(yours).every((event) => event.endsWith(' 2')), String(seen(yours)));
    assert.ok(seen(mine).includes('DELETE 1') && seen(yours).includes('DELETE 2'));
    assert.deepEqual(mine.events.find((event) => event.eventType === 'DELETE').old, { id: 1 });
    // A column without the privilege is not even named.
    for (const event of mine.events) assert.ok(!('secret' in event.new) && !('secret' in event.old));
    await Promise.all([mine.leave(), yours.leave()]);
  });

  it('a row that changes hands shows nothing of the other side', async () => {
    await sql(`insert into papers values (10, '${red.id}', 'red words', 's')`);
    const [mine, yours] = [await live(red.client, on('papers')), await live(blue.client, on('papers'))];
    await sql(`update papers set body = 'more red words' where id = 10; update papers set owner = '${blue.id}', body = 'blue words' where id = 10`);
    const got = await yours.next((event) => event.new.body === 'blue words');
    assert.deepEqual(got.old, { id: 10 });
    await settled(mine, `insert into papers values (11, '${red.id}', 'end', 's')`);
    assert.ok(!JSON.stringify(mine.events).includes('blue words'));
    assert.ok(!JSON.stringify(yours.events).includes('red words'));
    await Promise.all([mine.leave(), yours.leave()]);
  });

  it('anon and visitors get nothing of tables they may not read, a member does, a client too', async () => {
    const guest = await visitor(server, red.agentId);
    const [staff, customer] = [await member(server, red.id, 'member'), await member(server, red.id, 'client')];
    for (const client of [supabase(server), supabase(server, { token: guest.token })]) {
      const refused = await listen(client, on('conversations'));
      assert.equal((await eventually('system', () => refused.system[0])).status, 'error');
      await refused.leave();
    }
    const hidden = await live(supabase(server), { event: '*', schema: '*' });
    const heard = [await live(staff.client, on('leads')), await live(customer.client, on('leads')), await live(blue.client, on('leads'))];
    const [lead] = await sql(`insert into leads (user_id, agent_id, email) values ('${red.id}', '${red.agentId}', 'a@b.example') returning id`);
    for (const one of heard.slice(0, 2)) assert.equal((await one.next((event) => event.eventType === 'INSERT')).new.id, lead.id);
    await sql(`delete from leads where id = '${lead.id}'`);
    for (const one of heard.slice(0, 2)) assert.deepEqual((await one.next((event) => event.eventType === 'DELETE')).old, { id: lead.id });
    await settled(hidden, `insert into notes (id) values (777)`);
    assert.deepEqual(heard[2].events, []);
    assert.ok(hidden.events.every((event) => event.table === 'notes'), JSON.stringify(hidden.events));
    await Promise.all([...heard, hidden].map((one) => one.leave()));
  });

  it('end when a membership does', async () => {
    const staff = await member(server, red.id, 'member');
    const heard = await live(staff.client, [on('leads'), on('notes')]);
    const add = (note) => sql(`insert into leads (user_id, agent_id, name) values ('${red.id}', '${red.agentId}', '${note}')`);
    await add('before');
    await heard.next((event) => event.new.name === 'before');
    await sql(`delete from team_members where member_id = '${staff.id}'`);
    await add('after');
    await settled(heard, 'insert into notes (id) values (778)');
    assert.ok(!heard.events.some((event) => event.new.name === 'after'));
    await heard.leave();
  });

  it('follow policies and privileges that change while people listen', async () => {
    const heard = await live(red.client, [on('papers'), on('notes')]);
    await sql(`drop policy own on papers; create policy none on papers for select to authenticated using (body = 'open')`);
    await sql(`insert into papers values (20, '${red.id}', 'closed', 's'), (21, null, 'open', 's')`);
    await heard.next((event) => event.new.id === 21);
    await sql(`grant select on papers to authenticated; insert into papers values (22, null, 'open', 'shown')`);
    assert.equal((await heard.next((event) => event.new.id === 22)).new.secret, 'shown');
    assert.ok(!heard.events.some((event) => event.new.id === 20));
    await sql(`drop policy none on papers; create policy own on papers for select to authenticated using (owner = auth.uid());
      revoke select on papers from authenticated; grant select (id, owner, body) on papers to authenticated`);
    await heard.leave();
  });

  it('a policy that raises under one caller costs that caller alone', async () => {
    await table('shared', 'id int primary key', {
      policies: `create policy fragile on public.shared for select to authenticated using (case when auth.uid() = '${blue.id}' then 1 / (id - id) = 1 else true end)`,
    });
    const others = await Promise.all(Array.from({ length: 8 }, (_, i) => live(red.client, on('shared'), { name: `fragile-${i}` })));
    const victim = await live(blue.client, on('shared'));
    for (let i = 1; i <= 50; i += 1) await sql(`insert into shared values (${i})`);
    for (const one of others) {
      await eventually('all 50', () => one.events.length === 50);
      assert.deepEqual(one.events.map((event) => event.new.id), Array.from({ length: 50 }, (_, i) => i + 1));
    }
    assert.match((await eventually('its error', () => victim.system.find((message) => message.status === 'error'))).message, /^RlsPolicyError: /);
    await Promise.all([...others, victim].map((one) => one.leave()));
  });

  it('twenty personas that ask together get what is theirs, beside one that raises and one that is slow', async () => {
    const exp = Math.floor(Date.now() / 1000) + 3600;
    const people = await Promise.all(Array.from({ length: 20 }, async () => {
      const sub = randomUUID();
      return { sub, token: jwt({ sub, role: 'authenticated', aud: 'authenticated', exp }, server.env.SUPABASE_JWT_SECRET), socket: new Socket(server) };
    }));
    const [broken, slow] = people;
    await table('together', 'id int primary key, owner text', {
      policies: `create policy own_read on public.together for select to authenticated using (case
        when owner not in (auth.uid()::text, 'all') then false
        when auth.uid() = '${broken.sub}' then 1 / (id - id) = 1
        when auth.uid() = '${slow.sub}' then pg_sleep(0.55) is not null
        else true end)`,
    });
    for (const one of people) {
      await one.socket.opened;
      assert.equal((await one.socket.join('realtime:together', { postgres_changes: [on('together')] }, one.token)).status, 'ok');
    }
    const seen = (one) => one.socket.received.filter((frame) => frame.event === 'postgres_changes').map((frame) => frame.payload.data.record.id);
    await Promise.all(people.map((one) => one.socket.next('live', (frame) => frame.event === 'system')));
    const rows = ['all', ...people.map((one) => one.sub), 'all'];
    await sql(`insert into together values ${rows.map((owner, i) => `(${i}, '${owner}')`).join(', ')}`);
    for (const one of people.slice(1)) {
      await eventually(`three rows, of ${seen(one)}`, () => seen(one).length === 3, 30_000);
      assert.deepEqual(seen(one), [0, 1 + people.indexOf(one), rows.length - 1]);
    }
    await broken.socket.next('its error', (frame) => frame.event === 'system' && /^RlsPolicyError: /.test(frame.payload.message));
    assert.deepEqual(seen(broken), []);
    people.forEach((one) => one.socket.close());
  });

  it('1,000 channels of one persona cost one check per change', async () => {
    const sockets = [];
    for (let i = 0; i < 10; i += 1) {
      const socket = new Socket(server, { key: red.token });
      await socket.opened;
      sockets.push(socket);
      await Promise.all(Array.from({ length: 100 }, (_, n) => socket.join(`realtime:many-${n}`, { postgres_changes: [on('papers')] }, red.token)));
    }
    const metric = async (name) => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(await (await fetch(`${server.url}/metrics`)).text())[1]);
    const checks = await metric('chatpad_realtime_changes_checks_total');
    await sql(`insert into papers values (50, '${red.id}', 'one', 's')`);
    const count = () => sockets.reduce((sum, socket) => sum + socket.received.filter((frame) => frame.event === 'postgres_changes').length, 0);
    await eventually('1,000 frames', () => count() === 1000, 30_000);
    const loops = await metric('chatpad_realtime_changes_personas');
    assert.ok((await metric('chatpad_realtime_changes_checks_total')) - checks <= loops, 'one check per loop');
    sockets.forEach((socket) => socket.close());
  });

  it('a new token with other claims changes what comes, without a hole', async () => {
    const socket = new Socket(server);
    await socket.opened;
    const joined = await socket.join('realtime:token', { postgres_changes: [on('papers')] }, red.token);
    assert.equal(joined.status, 'ok');
    const bodies = () => socket.received.filter((frame) => frame.event === 'postgres_changes').map((frame) => frame.payload.data.record.body);
    await sql(`insert into papers values (60, '${red.id}', 'to red', 's')`);
    await eventually('red', () => bodies().includes('to red'));
    socket.push('realtime:token', 'access_token', { access_token: blue.token }, joined.ref);
    await eventually('again', () => socket.received.filter((frame) => frame.event === 'system').length === 2);
    await sql(`insert into papers values (61, '${red.id}', 'red again', 's'), (62, '${blue.id}', 'to blue', 's')`);
    await eventually('blue', () => bodies().includes('to blue'));
    assert.deepEqual(bodies(), ['to red', 'to blue']);
    socket.close();
  });
});

describe('tables of every kind', () => {
  const on = (name, more = {}) => ({ event: '*', schema: 'public', table: name, ...more });

  it('without a primary key announce changes without their values', async () => {
    await table('keyless', 'a int, b text');
    const heard = await live(supabase(server), on('keyless'));
    await sql(`insert into keyless values (1, 'x')`);
    const event = await heard.next(() => true);
    assert.deepEqual([event.new, event.errors], [{}, ['Error 400: Bad Request, no primary key']]);
    await heard.leave();
  });

  it('that the role may not read announce nothing but that, and nothing at all under policies', async () => {
    await table('locked', 'id int primary key', { more: 'revoke all on public.locked from anon, authenticated' });
    const heard = await live(supabase(server), on('locked'));
    await sql('insert into locked values (1)');
    const event = await heard.next(() => true);
    assert.deepEqual([event.new, event.errors], [{}, ['Error 401: Unauthorized']]);
    await heard.leave();
  });

  it('partitioned give changes under their own name', async () => {
    await sql(`create table parted (id int, day date, body text, primary key (id, day)) partition by range (day);
      create table parted_1 partition of parted for values from ('2026-01-01') to ('2026-02-01');
      create table parted_2 partition of parted for values from ('2026-02-01') to ('2026-03-01');
      alter publication supabase_realtime add table parted`);
    const heard = await live(supabase(server), on('parted'));
    await sql(`insert into parted values (1, '2026-01-15', 'a'), (2, '2026-02-15', 'b')`);
    await eventually('both', () => heard.events.length === 2);
    assert.deepEqual(heard.events.map((event) => [event.table, event.new.id, event.new.day]), [['parted', 1, '2026-01-15'], ['parted', 2, '2026-02-15']]);
    await heard.leave();
  });

  it('keep types of their own: enum, domain, composite, generated, identity, arrays of arrays', async () => {
    await sql(`create type mood as enum ('sad', 'glad'); create type pair as (a int, b text); create domain small as int check (value < 100)`);
    await table('odd', `"Id X" uuid primary key, m mood, p pair, s small, g int generated always as (s * 2) stored, n int generated always as identity,
      grid int[][], f float8, b bytea, i interval, d date, t time, j json, "quo""te" text, ms mood[]`);
    const heard = await live(supabase(server), [on('odd'), on('odd', { filter: 'm=eq.glad' }), on('odd', { filter: 'm=gt.sad' }), on('odd', { filter: 's=lt.6' })]);
    await sql(`insert into odd values ('7F9C2B0E-0000-4000-8000-000000000001', 'glad', '(1,"x ""y""")', 5, default, default, '{{1,2},{3,4}}', 'NaN',
      '\\x00ff', '1 day 02:00', '2026-05-06', '07:08', '{"k":"v"}', 'q', '{sad,glad}')`);
    await eventually('four', () => heard.events.length === 4);
    assert.deepEqual(heard.events[0].new, {
      'Id X': '7f9c2b0e-0000-4000-8000-000000000001', m: 'glad', p: { a: 1, b: 'x "y"' }, s: 5, n: 1, grid: [[1, 2], [3, 4]], f: 'NaN',
      b: '\\x00ff', i: '1 day 02:00:00', d: '2026-05-06', t: '07:08:00', j: { k: 'v' }, 'quo"te': 'q', ms: ['sad', 'glad'],
    });
    await heard.leave();
  });

  it('may change their columns, names and existence while people listen', async () => {
    await table('moving', 'id int primary key, a text');
    const heard = await live(supabase(server), [on('moving'), on('moved')].slice(0, 1));
    const all = await live(supabase(server), { event: '*', schema: 'public' });
    await sql(`insert into moving values (1, 'x'); alter table moving add column b int default 5; insert into moving values (2, 'y')`);
    assert.equal((await heard.next((event) => event.new.id === 2)).new.b, 5);
    await sql(`alter table moving rename column a to renamed; insert into moving values (3, 'z')`);
    assert.deepEqual((await heard.next((event) => event.new.id === 3)).new, { id: 3, renamed: 'z', b: 5 });
    await sql(`alter table moving drop column b, alter column renamed type int using 7; insert into moving values (4, 8)`);
    assert.deepEqual((await heard.next((event) => event.new.id === 4)).new, { id: 4, renamed: 8 });
    await sql(`alter table moving rename column id to key; insert into moving values (5, 9)`);
    assert.deepEqual((await heard.next((event) => event.new.key === 5)).new, { key: 5, renamed: 9 });
    await sql(`alter table moving rename to moved; insert into moved values (6, 1)`);
    assert.equal((await all.next((event) => event.table === 'moved')).new.key, 6);
    assert.ok(!heard.events.some((event) => event.new.key === 6));
    await sql('drop table moved; insert into notes (id) values (901)');
    await all.next((event) => event.table === 'notes' && event.new.id === 901);
    await Promise.all([heard.leave(), all.leave()]);
  });

  it('tell of a TRUNCATE that rows are gone', async () => {
    const heard = await live(supabase(server), on('parted'));
    await sql('truncate parted');
    const said = await eventually('a word', () => heard.system.find((message) => message.status === 'error'));
    assert.match(said.message, /truncated/);
    await heard.leave();
  });

  it('keep large values that an update did not touch, and shorten rows over 1 MiB', async () => {
    await table('large', 'id int primary key, n int, body text', { more: 'alter table large alter body set storage external' });
    await table('full', 'id int primary key, n int, body text', { more: 'alter table public.full alter body set storage external, replica identity full' });
    const heard = await live(supabase(server), [on('large'), on('full')]);
    await sql(`insert into large values (1, 1, repeat('x', 100000)); update large set n = 2;
      insert into public.full values (1, 1, repeat('y', 100000)); update public.full set n = 2`);
    const plain = await heard.next((event) => event.table === 'large' && event.eventType === 'UPDATE');
    assert.deepEqual(plain.new, { id: 1, n: 2 }); // the log does not hold it
    const full = await heard.next((event) => event.table === 'full' && event.eventType === 'UPDATE');
    assert.equal(full.new.body.length, 100_000);
    assert.equal(full.old.n, 1);
    await sql(`insert into large values (2, 5, repeat('z', 8000000))`);
    const huge = await heard.next((event) => event.new.id === 2);
    assert.deepEqual([huge.new, huge.errors], [{ id: 2, n: 5 }, ['Error 413: Payload Too Large']]);
    await heard.leave();
  });
});

describe('bulk', () => {
  const on = (name, more = {}) => ({ event: 'INSERT', schema: 'public', table: name, ...more });
  before(() => table('bulk', 'id int primary key, owner uuid, body text', {
    policies: 'create policy own on public.bulk for select to authenticated using (owner = auth.uid())',
  }));

  it('1,000 rows of one transaction arrive, each once and in order', async () => {
    const heard = await live(red.client, on('bulk'));
    await sql(`insert into bulk select i, '${red.id}', 'row ' || i from generate_series(1, 1000) i`);
    await eventually('all', () => heard.events.length >= 1000, 20_000);
    assert.deepEqual(heard.events.map((event) => event.new.id), Array.from({ length: 1000 }, (_, i) => i + 1));
    await heard.leave();
  });

  it('100,000 rows of one transaction arrive complete, in bounded memory', async () => {
    const socket = new Socket(server, { key: red.token });
    await socket.opened;
    assert.equal((await socket.join('realtime:bulk', { postgres_changes: [on('bulk', { filter: 'id=gt.1000' })] }, red.token)).status, 'ok');
    const ids = [];
    socket.ws.removeAllListeners('message');
    socket.ws.on('message', (data) => {
      const frame = JSON.parse(data);
      if (frame[3] === 'postgres_changes') ids.push(frame[4].data.record.id);
      else if (frame[3] === 'system' || frame[3] === 'phx_error') ids.push(JSON.stringify(frame));
    });
    const before = server.residentKiB();
    const began = performance.now();
    await sql(`insert into bulk select i, '${red.id}', 'row ' || i from generate_series(1001, 101000) i`);
    const committed = performance.now();
    await eventually('all', () => ids.length >= 100_000, 120_000).catch(() => {});
    const delivered = performance.now();
    const numbers = ids.filter((id) => typeof id === 'number');
    assert.deepEqual(ids.filter((id) => typeof id !== 'number').filter((text) => !text.includes('"status":"ok"')), []);
    assert.equal(numbers.length, 100_000);
    assert.ok(numbers.every((id, i) => id === 1001 + i), 'in order');
    const grown = server.residentKiB() - before;
    console.log(`# 100,000 rows: insert ${Math.round(committed - began)} ms, delivered ${Math.round(delivered - committed)} ms later, memory +${grown} KiB`);
    assert.ok(grown < 256 * 1024, `${grown} KiB`);
    socket.close();
  });

  it('rolled back work never shows', async () => {
    const heard = await live(red.client, on('bulk'));
    const add = (tx, id) => tx`insert into bulk values (${id}, ${red.id}, 'x')`;
    await assert.rejects(server.sql.begin(async (tx) => {
      await add(tx, 200001);
      throw new Error('rolled back');
    }));
    await server.sql.begin(async (tx) => {
      await add(tx, 200003);
      await tx.savepoint((inner) => add(inner, 200004).then(() => Promise.reject(new Error('rolled back')))).catch(() => {});
    });
    await settled(heard, `insert into bulk values (200005, '${red.id}', 'end')`);
    assert.deepEqual(heard.events.map((event) => event.new.id), [200003, 200005]);
    await heard.leave();
  });
});

describe('the stream', () => {
  it('that is cut tells everybody of the gap, and they come back by themselves', async () => {
    const heard = await live(supabase(server), { event: 'INSERT', schema: 'public', table: 'notes' });
    await sql(`select pg_terminate_backend(pid) from pg_stat_replication`);
    const said = await eventually('a word', () => heard.system.find((message) => message.status === 'error'));
    assert.match(said.message, /Events may have been missed/);
    await eventually('subscribed again', () => heard.statuses.filter((status) => status === 'SUBSCRIBED').length === 2, 20_000);
    await sql('insert into notes (id) values (5001)');
    await heard.next((event) => event.new.id === 5001);
    await heard.leave();
  });
});
