// Row changes as every client gets them: events, filters, columns, types, replica identities, rights.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as today from '@supabase/supabase-js';
import { account, claimsOf, jwt } from '../lib/callers.mjs';
import { clientStage, everyClient, KINDS } from '../lib/clients.mjs';
import { eventually } from '../lib/server.mjs';

// What old_record holds after `update ... set body` of row (1, 10, 'a'), and after a delete.
const IDENTITIES = {
  ri_default: { identity: 'default', updated: { id: 1 }, deleted: { id: 1 } },
  ri_full: { identity: 'full', updated: { id: 1, code: 10, body: 'a' }, deleted: { id: 1, code: 10, body: 'b' } },
  ri_index: { identity: 'using index ri_index_code', updated: { code: 10 }, deleted: { code: 10 } },
};

// A column's type, the value in SQL, and what the application reads.
const TYPES = {
  int2: ['-32768', -32768],
  int8: ['9007199254740991', 9007199254740991],
  'numeric(20,4)': ['12345.6789', 12345.6789],
  float8: ['1.5e300', 1.5e300],
  boolean: ['false', false],
  text: [`E'ü "q" \\\\ \\n😀'`, 'ü "q" \\ \n😀'],
  'varchar(10)': [`''`, ''],
  uuid: [`'7F9C2B0E-0000-4000-8000-000000000001'`, '7f9c2b0e-0000-4000-8000-000000000001'],
  json: [`'{"a": [1, {"b": null}]}'`, { a: [1, { b: null }] }],
  jsonb: [`'[true, "x", 1.50]'`, [true, 'x', 1.5]],
  'int[]': [`'{1,NULL,3}'`, [1, null, 3]],
  'text[]': [`'{"a,b","c\\"d",NULL,""}'`, ['a,b', 'c"d', null, '']],
  timestamptz: [`'2026-01-02 03:04:05.678+02'`, '2026-01-02T01:04:05.678+00:00'],
  timestamp: [`'2026-01-02 03:04:05'`, '2026-01-02T03:04:05'],
  date: [`'2026-01-02'`, '2026-01-02'],
  time: [`'03:04:05'`, '03:04:05'],
  interval: [`'1 day 2 hours'`, '1 day 02:00:00'],
  bytea: [`'\\x00ff10'`, '\\x00ff10'],
  'public.mood': [`'glad'`, 'glad'],
  int4range: [`'[1,5)'`, '[1,5)'],
  inet: [`'10.0.0.1'`, '10.0.0.1'],
  float4: ['null', null],
};

const { server, people, shop } = await clientStage();
const sql = (text) => server.sql.unsafe(text);
const publish = (...names) => sql(names.map((name) => `alter publication supabase_realtime add table ${name}`).join(';'));
let other;
before(async () => {
  other = await account(server);
  const identities = Object.entries(IDENTITIES).map(([name, { identity }]) => `
    create table public.${name} (id int primary key, code int not null, body text);
    create unique index ${name}_code on public.${name} (code);
    alter table public.${name} replica identity ${identity};`);
  await sql(`
    create table public.notes (id bigint primary key, tag text, body text, n int, price numeric, ok boolean, at timestamptz, meta jsonb, words text[]);
    alter table public.notes replica identity full;
    create table public.others (id bigint primary key, tag text);
    create table public.silent (id bigint primary key, tag text);
    create type public.mood as enum ('sad', 'glad');
    create table public.kinds (id int primary key, ${Object.keys(TYPES).map((type, i) => `c${i} ${type}`)}, large text);
    alter table public.kinds alter large set storage external;
    create schema attic; create table attic.boxes (id int primary key, tag text); grant usage on schema attic to anon, authenticated;
    grant select on attic.boxes to anon, authenticated;
    create table public.papers (id bigint primary key, owner uuid, body text, secret text);
    alter table public.papers enable row level security; alter table public.papers replica identity full;
    create policy own on public.papers for select to authenticated using (owner = auth.uid());
    revoke all on public.papers from anon, authenticated; grant select (id, owner, body) on public.papers to authenticated;
    create table public.hidden (id int primary key); revoke all on public.hidden from anon, authenticated;
    alter table public.hidden enable row level security;
    ${identities.join('')}`);
  await publish('public.notes', 'public.others', 'public.kinds', 'attic.boxes', 'public.papers', 'public.hidden',
    ...Object.keys(IDENTITIES).map((name) => `public.${name}`));
});
after(() => other?.client.realtime.disconnect());

// A filter and which of rows 1 to 4 pass. Rows: see ROWS. The words are those of PostgREST.
const FILTERS = {
  'body=eq.alpha': [1], 'body=neq.alpha': [2, 3], 'n=lt.2': [1], 'n=lte.2': [1, 2], 'n=gt.2': [3, 4], 'n=gte.2': [2, 3, 4],
  'n=in.(1,4)': [1, 4], 'body=in.("be,ta",gamma)': [2, 3], 'body=like.%a': [1, 2, 3], 'body=ilike.AL%': [1], 'body=match.^(al|ga)': [1, 3],
  'body=imatch.^GAMMA$': [3], 'body=is.null': [4], 'ok=is.true': [1], 'ok=is.false': [2], 'ok=isdistinct.true': [2, 3, 4], 'ok=is.unknown': [3, 4],
  'body=not.eq.alpha': [2, 3], 'n=not.in.(1,2)': [3, 4], 'body=not.like.al%': [2, 3], 'ok=not.is.null': [1, 2], 'n=not.gt.2': [1, 2],
  'ok=not.isdistinct.true': [1], 'n=gt.1,n=lt.4': [2, 3], 'n=gte.2,ok=is.false,body=like.be%': [2], 'price=eq.1.5': [1], 'price=lt.10': [1, 2],
  'at=gt.2026-01-02T00:00:00Z': [3, 4], 'body=eq."be,ta"': [2], 'n=eq.99': [],
};
const ROWS = (tag, base) => [
  [base + 1, tag, 'alpha', 1, 1.5, true, '2026-01-01'], [base + 2, tag, 'be,ta', 2, 2, false, '2026-01-02'],
  [base + 3, tag, 'gamma', 3, 10, null, '2026-01-03'], [base + 4, tag, null, 4, 1e3, null, '2026-01-04'],
].map((row) => Object.fromEntries(['id', 'tag', 'body', 'n', 'price', 'ok', 'at'].map((name, i) => [name, row[i]])));

let tags = 0;
const fresh = () => ({ tag: `t${(tags += 1)}`, base: tags * 1000 });
const on = (event, table, more = {}) => ({ event, schema: 'public', table, ...more });
const ids = (heard, index, base = 0) => heard.changes.filter((event) => event.index === index).map((event) => (event.new.id ?? event.old.id) - base);
const insert = (rows) => server.sql`insert into public.notes ${server.sql(rows)}`;
const subscribed = (heard) => heard.told(/^Subscribed to PostgreSQL$/);
const token = (who, more = {}) => jwt({ ...claimsOf(who.token), ...more }, server.env.SUPABASE_JWT_SECRET);
let rooms = 0;
const listen = (kind, changes, options) => people.join(kind, `changes-${(rooms += 1)}`, { changes, ...options });

everyClient({ describe, it }, () => people, {
  'gets INSERT, UPDATE and DELETE in its own words': [[], async (kind) => {
    const { tag, base } = fresh();
    const filter = `tag=eq.${tag}`;
    const heard = await listen(kind, [on('*', 'notes', { filter })]);
    const system = await subscribed(heard);
    assert.deepEqual(system, { extension: 'postgres_changes', status: 'ok', message: 'Subscribed to PostgreSQL', channel: heard.topic });
    await insert([{ id: base, tag, body: 'ü "x"', n: 7, price: 12.5, ok: true, meta: { a: [1, null] } }]);
    await sql(`update public.notes set n = null where id = ${base}; delete from public.notes where id = ${base}`);
    await heard.change((event) => event.eventType === 'DELETE');
    const row = { id: base, tag, body: 'ü "x"', n: 7, price: 12.5, ok: true, at: null, meta: { a: [1, null] }, words: null };
    const [inserted, updated, deleted] = heard.changes;
    assert.deepEqual([inserted.eventType, inserted.new, inserted.old], ['INSERT', row, {}]);
    assert.deepEqual([updated.eventType, updated.new, updated.old], ['UPDATE', { ...row, n: null }, row]);
    assert.deepEqual([deleted.eventType, deleted.new, deleted.old], ['DELETE', {}, { ...row, n: null }]);
    for (const event of heard.changes) {
      assert.deepEqual([event.schema, event.table, event.errors], ['public', 'notes', null]);
      assert.match(event.commit_timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.ok(Math.abs(Date.parse(event.commit_timestamp) - Date.now()) < 120_000);
    }
    assert.deepEqual(heard.statuses, ['SUBSCRIBED']);
  }],

  'gives each binding its own events': [[], async (kind) => {
    const { tag, base } = fresh();
    const filter = `tag=eq.${tag}`;
    const heard = await listen(kind, [
      on('INSERT', 'notes', { filter }), on('UPDATE', 'notes', { filter }), on('DELETE', 'notes', { filter }), on('*', 'notes', { filter }),
      on('*', 'others', { filter }), on('*', 'notes', { filter: `${filter},n=gt.5` }), { event: '*', schema: 'attic', table: 'boxes', filter },
    ]);
    await subscribed(heard);
    await insert([{ id: base, tag, n: 1 }]);
    await sql(`update public.notes set n = 6 where id = ${base}; insert into public.silent values (${base}, '${tag}');
      insert into public.others values (${base}, '${tag}'); delete from public.notes where id = ${base}; insert into attic.boxes values (${base}, '${tag}')`);
    await heard.change((event) => event.schema === 'attic');
    const types = (index) => heard.changes.filter((event) => event.index === index).map((event) => `${event.table} ${event.eventType}`);
    assert.deepEqual([0, 1, 2, 3, 4, 5, 6].map(types), [
      ['notes INSERT'], ['notes UPDATE'], ['notes DELETE'], ['notes INSERT', 'notes UPDATE', 'notes DELETE'],
      ['others INSERT'], ['notes UPDATE', 'notes DELETE'], ['boxes INSERT'],
    ]);
  }],

  'hears of every published table of a schema, and of all of them': [[], async (kind) => {
    const { tag, base } = fresh();
    const heard = await listen(kind, [{ event: '*', schema: 'attic' }, { event: '*', schema: 'public' }, { event: '*', schema: '*' }]);
    await subscribed(heard);
    await sql(`insert into attic.boxes values (${base}, '${tag}'); insert into public.others values (${base}, '${tag}'); insert into public.silent values (${base})`);
    await sql(`insert into public.others values (${base + 1}, '${tag}')`);
    await eventually('the last', () => heard.changes.filter((event) => event.new.id === base + 1).length === 2);
    const mine = (index) => heard.changes.filter((event) => event.index === index && event.new.tag === tag).map((event) => `${event.table} ${event.new.id - base}`);
    assert.deepEqual([0, 1, 2].map(mine), [['boxes 0'], ['others 0', 'others 1'], ['boxes 0', 'others 0', 'others 1']]);
  }],

  'filters inserts by every documented operator': [[], async (kind) => {
    const { tag, base } = fresh();
    const all = Object.keys(FILTERS);
    const heard = await listen(kind, [...all.map((filter) => on('INSERT', 'notes', { filter: `tag=eq.${tag},${filter}` })), on('INSERT', 'notes', { filter: `tag=eq.${tag}` })]);
    await subscribed(heard);
    await insert(ROWS(tag, base));
    await eventually('all four', () => ids(heard, all.length).length === 4);
    all.forEach((filter, index) => assert.deepEqual(ids(heard, index, base), FILTERS[filter], filter));
  }],

  'filters updates by the new row and deletes by the old one': [[], async (kind) => {
    const { tag, base } = fresh();
    await insert(ROWS(tag, base));
    const heard = await listen(kind, [
      on('UPDATE', 'notes', { filter: `tag=eq.${tag},n=eq.20` }), on('UPDATE', 'notes', { filter: `tag=eq.${tag},n=eq.2` }),
      on('DELETE', 'notes', { filter: `tag=eq.${tag},n=eq.20` }), on('DELETE', 'notes', { filter: `tag=eq.${tag},body=eq.gamma` }),
      on('*', 'notes', { filter: `tag=eq.${tag},id=gte.${base + 4}` }),
    ]);
    await subscribed(heard);
    await sql(`update public.notes set n = n * 10 where id = ${base + 2}; delete from public.notes where id in (${base + 2}, ${base + 3}); delete from public.notes where id = ${base + 4}`);
    await eventually('the last', () => ids(heard, 4).length === 1);
    assert.deepEqual([0, 1, 2, 3, 4].map((index) => ids(heard, index, base)), [[2], [], [2], [3], [4]]);
  }],

  'gets the columns it selects, and the key': [[], async (kind) => {
    const { tag, base } = fresh();
    const filter = `tag=eq.${tag}`;
    const heard = await listen(kind, [on('*', 'notes', { filter, select: ['body'] }), on('*', 'notes', { filter, select: ['id', 'n', 'ok'] }), on('*', 'notes', { filter })]);
    await subscribed(heard);
    await insert([{ id: base, tag, body: 'b', n: 1 }]);
    await sql(`update public.notes set n = 2 where id = ${base}`);
    await eventually('six', () => heard.changes.length === 6);
    const rows = (index) => heard.changes.filter((event) => event.index === index).map((event) => event.new);
    assert.deepEqual(rows(0), [{ id: base, body: 'b' }, { id: base, body: 'b' }]);
    assert.deepEqual(rows(1), [{ id: base, n: 1, ok: null }, { id: base, n: 2, ok: null }]);
    assert.equal(Object.keys(rows(2)[1]).length, 9);
  }],

  'reads every type as its own': [[], async (kind) => {
    const { base: id } = fresh();
    const heard = await listen(kind, [on('*', 'kinds', { filter: `id=eq.${id}` })]);
    await subscribed(heard);
    await sql(`insert into public.kinds values (${id}, ${Object.values(TYPES).map(([text]) => text)}, repeat('x', 20000))`);
    await sql(`update public.kinds set c0 = 1 where id = ${id}`);
    const inserted = await heard.change((event) => event.eventType === 'INSERT');
    Object.entries(TYPES).forEach(([type, [, value]], i) => assert.deepEqual(inserted.new[`c${i}`], value, `${type} for ${kind.name}`));
    assert.equal(inserted.new.large.length, 20000);
    const updated = await heard.change((event) => event.eventType === 'UPDATE');
    assert.deepEqual([updated.new.c0, 'large' in updated.new], [1, false], 'an untouched large value is not in the log');
  }],

  'is told what is wrong with a subscription, and that the others of it do not count': [[], async (kind) => {
    for (const [binding, sentence] of [
      [on('*', 'silent'), /Unable to subscribe to changes with given parameters/],
      [on('*', 'nowhere'), /Unable to subscribe to changes with given parameters/],
      [on('*', 'hidden'), /Unable to subscribe to changes with given parameters/],
      [on('*', 'notes', { filter: 'nothing=eq.1' }), /Unable to subscribe to changes with given parameters/],
      [on('*', 'notes', { filter: 'n=eq.seven' }), /Unable to subscribe to changes with given parameters/],
      [on('*', 'notes', { filter: 'n=about.7' }), /Error parsing `filter` params/],
      [on('*', 'notes', { select: ['nothing'] }), /Unable to subscribe to changes with given parameters/],
    ]) {
      const heard = await listen(kind, [binding]);
      const said = await heard.told(sentence);
      assert.deepEqual([said.status, said.extension, said.channel], ['error', 'postgres_changes', heard.topic]);
      assert.ok(!heard.system.some((message) => message.status === 'ok'));
      await heard.leave();
    }
  }],

  'sees its own rows only, without the columns it may not read': [[], async (kind) => {
    const { base } = fresh();
    const client = (who) => people.signedIn(kind, token(who));
    const filter = `id=gte.${base},id=lt.${base + 1000}`;
    const mine = await listen(kind, [on('*', 'papers', { filter })], { client: await client(shop) });
    const yours = await listen(kind, [on('*', 'papers', { filter })], { client: await client(other) });
    await Promise.all([subscribed(mine), subscribed(yours)]);
    await sql(`insert into public.papers values (${base}, '${shop.id}', 'mine', 's'), (${base + 1}, '${other.id}', 'yours', 's')`);
    await Promise.all([mine.change((event) => event.eventType === 'INSERT'), yours.change((event) => event.eventType === 'INSERT')]);
    await sql(`update public.papers set body = 'changed' where id in (${base}, ${base + 1})`);
    await Promise.all([mine.change((event) => event.eventType === 'UPDATE'), yours.change((event) => event.eventType === 'UPDATE')]);
    await sql(`delete from public.papers where id in (${base}, ${base + 1})`);
    for (const [heard, id, owner] of [[mine, base, shop.id], [yours, base + 1, other.id]]) {
      await heard.change((event) => event.eventType === 'DELETE');
      assert.deepEqual(heard.changes.map((event) => [event.eventType, event.new.id ?? event.old.id]), [['INSERT', id], ['UPDATE', id], ['DELETE', id]]);
      assert.deepEqual(heard.changes[1].new, { id, owner, body: 'changed' });
      assert.deepEqual(heard.changes[2].old, { id }, 'a delete under policies carries the key alone');
      assert.ok(!JSON.stringify(heard.changes).includes('secret'));
    }
  }],

  'sees what its new token may see': [[], async (kind) => {
    const { base } = fresh();
    const client = await people.signedIn(kind, token(shop));
    const heard = await listen(kind, [on('INSERT', 'papers', { filter: `id=gte.${base},id=lt.${base + 1000}` })], { client });
    await subscribed(heard);
    await sql(`insert into public.papers values (${base}, '${shop.id}'), (${base + 1}, '${other.id}')`);
    await heard.change((event) => event.new.id === base);
    await client.renew(token(other));
    await eventually('subscribed again', () => heard.system.filter((message) => message.message === 'Subscribed to PostgreSQL').length === 2);
    await sql(`insert into public.papers values (${base + 2}, '${shop.id}'), (${base + 3}, '${other.id}')`);
    await heard.change((event) => event.new.id === base + 3);
    assert.deepEqual(ids(heard, 0, base), [0, 3]);
    assert.deepEqual(heard.statuses, ['SUBSCRIBED']);
  }],

  'gets rows of one transaction in order, and none that was rolled back': [[], async (kind) => {
    const { tag, base } = fresh();
    const heard = await listen(kind, [on('*', 'notes', { filter: `tag=eq.${tag}` })]);
    await subscribed(heard);
    await assert.rejects(server.sql.begin(async (tx) => {
      await tx`insert into public.notes (id, tag) values (${base + 500}, ${tag})`;
      throw new Error('rolled back');
    }));
    await sql(`do $$ begin
        insert into public.notes (id, tag) values (${base + 501}, '${tag}');
        raise exception 'rolled back';
      exception when others then null; end $$;
      insert into public.notes (id, tag) select ${base} + i, '${tag}' from generate_series(1, 200) i`);
    await heard.change((event) => event.new.id === base + 200);
    assert.deepEqual(ids(heard, 0, base), Array.from({ length: 200 }, (_, i) => i + 1));
  }],

  'may hear broadcasts, presence and changes on one channel': [[], async (kind) => {
    const { tag, base } = fresh();
    const heard = await listen(kind, [on('INSERT', 'notes', { filter: `tag=eq.${tag}` })], { presence: true, config: { broadcast: { self: true }, presence: { key: 'me' } } });
    await subscribed(heard);
    await heard.send('word', { n: 1 });
    await heard.channel.track({ here: true });
    await insert([{ id: base, tag }]);
    await Promise.all([heard.broadcast('word'), heard.change(() => true), eventually('present', () => heard.channel.presenceState().me)]);
  }],
});

describe('what an update or delete tells of the old row', () => {
  for (const [name, { identity, updated, deleted }] of Object.entries(IDENTITIES)) {
    it(`with replica identity ${identity}`, async () => {
      const all = await Promise.all(KINDS.map((kind) => listen(kind, [on('*', name)])));
      await Promise.all(all.map(subscribed));
      await sql(`insert into public.${name} values (1, 10, 'a'); update public.${name} set body = 'b'; delete from public.${name}`);
      for (const heard of all) {
        await heard.change((event) => event.eventType === 'DELETE');
        assert.deepEqual(heard.changes.map((event) => event.old), [{}, updated, deleted], heard.kind.name);
        assert.deepEqual(heard.changes.map((event) => event.new), [{ id: 1, code: 10, body: 'a' }, { id: 1, code: 10, body: 'b' }, {}]);
      }
    });
  }

  it('with replica identity nothing: inserts come, and PostgreSQL refuses the rest', async () => {
    await sql('create table public.ri_nothing (id int primary key, body text); alter table public.ri_nothing replica identity nothing');
    await publish('public.ri_nothing');
    const heard = await listen(KINDS[0], [on('*', 'ri_nothing')]);
    await subscribed(heard);
    await assert.rejects(sql(`insert into public.ri_nothing values (1, 'x'); update public.ri_nothing set body = 'y'`), /replica identity/);
    await sql(`insert into public.ri_nothing values (2, 'x')`);
    assert.deepEqual((await heard.change(() => true)).new, { id: 2, body: 'x' });
    assert.equal(heard.changes.length, 1);
  });
});

describe('supabase-js 2.119', () => {
  const modern = KINDS.filter((kind) => kind.modern);
  it('builds filters that mean the same', async () => {
    const { postgresChangesFilter: build } = today;
    for (const kind of modern) {
      const { tag, base } = fresh();
      const filters = [
        [build().eq('body', 'be,ta'), [2]], [build().in('body', ['alpha', 'be,ta']), [1, 2]], [build().is('body', null), [4]],
        [build().like('body', '%a').gt('n', 1), [2, 3]], [build().isDistinct('ok', true), [2, 3, 4]], [build().match('body', '^ga'), [3]],
        [build().eq('body', 'x"y\\'), []],
      ];
      const heard = await listen(kind, [...filters.map(([filter]) => on('INSERT', 'notes', { filter: filter.eq('tag', tag) })), on('INSERT', 'notes', { filter: `tag=eq.${tag}` })]);
      await subscribed(heard);
      await insert(ROWS(tag, base));
      await eventually('all four', () => ids(heard, filters.length).length === 4);
      filters.forEach(([filter, expected], index) => assert.deepEqual(ids(heard, index, base), expected, String(filter)));
    }
  });

  it('waits for its changes when asked to, and fails the join when they cannot be had', async () => {
    for (const kind of modern) {
      const config = { postgres_changes_options: { wait: true, timeout: 5000 } };
      const good = await listen(kind, [on('*', 'notes')], { config });
      assert.deepEqual(good.statuses, ['SUBSCRIBED']);
      const bad = await listen(kind, [on('*', 'silent')], { config, wanted: 'CHANNEL_ERROR' });
      assert.match(bad.reasons[0], /^RealtimeDisabledForConfiguration: Unable to subscribe to changes with given parameters/);
      await bad.leave();
    }
  });

  it('hears of a TRUNCATE', async () => {
    const heard = await Promise.all(modern.map((kind) => listen(kind, [on('*', 'ri_full')])));
    await Promise.all(heard.map(subscribed));
    await sql('truncate public.ri_full');
    for (const one of heard) assert.equal((await one.told(/^A table was truncated; load the current state again/)).status, 'error');
  });
});
