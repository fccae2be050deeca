// Files become knowledge: uploaded, read in a child process, found and cited by title and page. What is
// damaged, locked or made to do harm ends with a reason, and nothing else notices.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { account, apiKey, call, member, say } from '../lib/callers.mjs';
import { docx, pdf, pptx, xlsx } from '../lib/files.mjs';
import { hostileFiles, SLOWEST } from '../lib/hostile_files.mjs';
import { eventually, programPath, startServer } from '../lib/server.mjs';

const HOSTILE = 300;

let server;
let shop;
let theirs;
before(async () => {
  server = await startServer();
  [shop, theirs] = [await account(server, 'files'), await account(server, 'others')];
});
after(() => server?.stop());

const form = (file, name, fields = {}) => {
  const data = new FormData();
  for (const [key, value] of Object.entries({ agent_id: shop.agentId, ...fields })) data.set(key, value);
  data.set('file', new Blob([file]), name);
  return data;
};
async function post(data, token = shop.token) {
  const reply = await fetch(`${server.url}/v1/knowledge/upload`, { method: 'POST', body: data, headers: { authorization: `Bearer ${token}` } });
  return { status: reply.status, body: await reply.json() };
}
const get = (path, token = shop.token) => call(server, path, { method: 'GET', token });
const source = async (id) => (await get(`/v1/knowledge/sources/${id}`)).body;
const settled = (id, status = 'ready') => eventually(`source ${id} is ${status}`, async () => {
  const now = await source(id);
  if (now.status === 'failed' && status !== 'failed') assert.fail(JSON.stringify(now.error));
  return now.status === status && ['done', 'failed', 'cancelled'].includes(now.job.status) && now;
}, 60_000);
async function add(file, name, fields) {
  const { status, body } = await post(form(file, name, fields));
  assert.equal(status, 202, JSON.stringify(body));
  return settled(body.id);
}
const passages = (id) => server.sql`select heading, page, char_start, char_end, content from public.knowledge_chunks where source_id = ${id} order by ordinal`;

describe('a file', () => {
  it('that is a PDF is cited by its title and the page', async () => {
    const lines = (text) => Array.from({ length: 4 }, () => [text, 'It goes on for a while, as texts do.', '']).flat();
    const file = pdf([
      { heading: 'Lamps', lines: lines('Our lamps are made of brass.') },
      { heading: 'Returns of goods', lines: ['A purchase may be returned within 37 days of delivery.', '', ...lines('Nothing else is said here.')] },
      { heading: 'Shipping', lines: lines('Parcels leave on Mondays.') },
    ], { title: 'Handbook of the lamp shop' });
    const ready = await add(file, 'handbook.pdf');
    assert.equal(ready.name, 'Handbook of the lamp shop');
    assert.equal(ready.media_type, 'application/pdf');
    assert.equal(ready.pages, 3);
    assert.ok(ready.chunks >= 3);
    const rows = await passages(ready.id);
    assert.deepEqual(rows.map((row) => [row.heading, row.page]), [['Lamps', 1], ['Returns of goods', 2], ['Shipping', 3]]);
    for (const row of rows) assert.ok(row.char_end > row.char_start && row.char_start >= 0);
    const reply = await say(server, shop.guest, 'Within how many days may a purchase be returned?');
    assert.equal(reply.status, 200, reply.text);
    assert.match(reply.body.reply.content, /37 days/);
    assert.equal(reply.body.reply.citations[0].title, 'Handbook of the lamp shop');
    assert.equal(reply.body.reply.citations[0].page, 2);
  });

  it('of HTML keeps a box among its paragraphs, and leaves out the column beside them', async () => {
    const page = `<!doctype html><title>Telescopes</title><div id="wrap">
      <div class="sidebar"><h2>Shop</h2><p>Our newest binoculars.</p></div>
      <div class="section"><h1>Telescopes</h1><div class="para">Turn the ring until the star is sharp.</div>
        <div class="sidebar"><p class="title">Safety</p><div class="para">Never look into the sun.</div></div>
        <aside>A blanket keeps you warm at night.</aside><p>Dew caps help.</p></div>
      <aside><p>Telescopes of the month.</p></aside></div>`;
    const { id } = await add(page, 'telescopes.html');
    const text = (await passages(id)).map((row) => row.content).join(' ');
    for (const kept of ['ring until', 'into the sun', 'A blanket', 'Dew caps']) assert.ok(text.includes(kept), `${kept}: ${text}`);
    for (const left of ['binoculars', 'of the month']) assert.ok(!text.includes(left), `${left}: ${text}`);
  });
  it('of every other kind is read as what it is, whatever it is called', async () => {
    const kinds = [
      [docx([{ style: 'H1', text: 'Opening hours' }, { text: 'The workshop opens at nine on Wednesdays.' }, { row: ['Repair', '12 euros'] }], { title: 'Workshop' }), 'x.pdf', /wordprocessingml/, 'Workshop', [['Opening hours', /opens at nine[^]*Repair; 12 euros/]]],
      [pptx([{ title: 'First slide', text: 'We sell globes.' }, { title: 'Second slide', text: 'We buy maps.' }]), 'slides', /presentationml/, 'slides', [['First slide', /globes/], ['Second slide', /maps/]]],
      [xlsx('Prices', [['Article', 'Since'], ['Sextant', new Date('2024-02-29T00:00:00Z')]]), 'prices.xlsx', /spreadsheetml/, 'prices.xlsx', [['Prices', /Article: Sextant; Since: 2024-02-29/]]],
      ['<!doctype html><title>Compasses</title><nav><a href="/">Home of menus</a></nav><main><h1>Compasses</h1><p>They point <b>north</b>.</p><script>evil()</script></main><footer>Imprint</footer>', 'page.bin', /text\/html/, 'Compasses', [['Compasses', /^They point north\.$/]]],
      ['# Barometers\n\nThey fall before *storms*.\n\n- Brass\n- Wood\n', 'b.md', /markdown/, 'b.md', [['Barometers', /fall before storms\.\n\n?Brass\nWood/]]],
      ['Question;Answer\n"What is a quadrant?";"A quarter circle;\nfor angles."\n', 'faq.csv', /csv/, 'faq.csv', [['What is a quadrant?', /^A quarter circle; for angles\.$/]]],
      ['{"shops": [{"town": "Kiel", "open": true}], "faq": [{"question": "Parking?", "answer": "Behind the house."}]}', 'd.json', /json/, 'd.json', [[null, /town: Kiel; open: true|shops: open: true; town: Kiel/], ['Parking?', /Behind the house/]]],
      [Buffer.from('Caf\xe9 hours: ten to four, Sundays closed.', 'latin1'), 'n.txt', /plain/, 'n.txt', [[null, /Café hours/]]],
      [Buffer.from('\ufeffUTF-16 says h\u00e9llo to everybody.', 'utf16le'), 'u.txt', /plain/, 'u.txt', [[null, /héllo/]]],
    ];
    const added = await Promise.all(kinds.map(([file, name]) => add(file, name)));
    for (const [index, [, name, type, title, expected]] of kinds.entries()) {
      assert.match(added[index].media_type, type, name);
      assert.equal(added[index].name, title);
      const rows = await passages(added[index].id);
      for (const [heading, pattern] of expected) {
        const row = rows.find((one) => one.heading === heading && pattern.test(one.content));
        assert.ok(row, `${name}: ${heading} ${pattern} in ${JSON.stringify(rows)}`);
      }
      assert.ok(!rows.some((row) => /menus|evil|Imprint/.test(row.content)));
    }
  });

  it('that was uploaded before is the same source', async () => {
    const first = await add('The same words twice.', 'one.txt', { name: 'Named' });
    assert.equal(first.name, 'Named');
    const again = await post(form('The same words twice.', 'two.txt'));
    assert.equal(again.status, 200);
    assert.equal(again.body.id, first.id);
    assert.equal(again.body.duplicate, true);
  });

  it('may come as JSON, from a key with the scope', async () => {
    const key = await apiKey(server, shop.id, { scopes: ['knowledge:write'] });
    const text = await call(server, '/v1/knowledge/upload', { token: key, body: { agent_id: shop.agentId, name: 'By key', content: 'Written by a program.' } });
    assert.equal(text.status, 202, text.text);
    const bytes = await call(server, '/v1/knowledge/upload', { token: key, body: { agent_id: shop.agentId, file_name: 'k.pdf', content_base64: pdf([{ lines: ['Base64 words.'] }]).toString('base64') } });
    assert.equal(bytes.status, 202, bytes.text);
    await settled(text.body.id);
    assert.match((await settled(bytes.body.id)).media_type, /pdf/);
    const less = await apiKey(server, shop.id, { scopes: ['chat:write'] });
    const refused = await call(server, '/v1/knowledge/upload', { token: less, body: { agent_id: shop.agentId, content: 'x' } });
    assert.equal(refused.body.code, 'insufficient_scope');
  });

  it('is read again, listed, renamed and deleted', async () => {
    const first = await add('Words to be read again.', 'again.txt');
    const sync = await call(server, `/v1/knowledge/sources/${first.id}/sync`, { token: shop.token, body: {} });
    assert.equal(sync.status, 202, sync.text);
    const done = await settled(first.id);
    assert.notEqual(done.job.id, first.job.id);
    assert.equal((await passages(first.id)).length, 1);
    const renamed = await call(server, `/v1/knowledge/sources/${first.id}`, { method: 'PUT', token: shop.token, body: { name: 'Renamed' } });
    assert.equal(renamed.body.name, 'Renamed');
    const page = await get(`/v1/knowledge/sources?agent_id=${shop.agentId}&limit=2`);
    assert.equal(page.body.sources.length, 2);
    const next = await get(`/v1/knowledge/sources?agent_id=${shop.agentId}&limit=2&cursor=${page.body.next_cursor}`);
    assert.ok(!page.body.sources.some((one) => one.id === next.body.sources[0].id));
    const gone = await call(server, `/v1/knowledge/sources/${first.id}`, { method: 'DELETE', token: shop.token });
    assert.equal(gone.body.deleted, true);
    assert.equal((await get(`/v1/knowledge/sources/${first.id}`)).status, 404);
    const [{ files, chunks }] = await server.sql`select (select count(*)::int from private.knowledge_files where source_id = ${first.id}) as files,
      (select count(*)::int from public.knowledge_chunks where source_id = ${first.id}) as chunks`;
    assert.deepEqual({ files, chunks }, { files: 0, chunks: 0 });
  });
});

describe('who may not', () => {
  it('finds nothing of another account', async () => {
    const { body } = await post(form('Ours alone.', 'ours.txt'));
    for (const token of [theirs.token, theirs.key]) {
      for (const [method, path, sent] of [['GET', ''], ['GET', '/status'], ['PUT', '', { name: 'x' }], ['DELETE', ''], ['POST', '/sync', {}]]) {
        const foreign = await call(server, `/v1/knowledge/sources/${body.id}${path}`, { method, token, body: sent });
        const random = await call(server, `/v1/knowledge/sources/${crypto.randomUUID()}${path}`, { method, token, body: sent });
        assert.equal(foreign.status, 404, `${method} ${path}`);
        assert.equal(foreign.text, random.text);
      }
      assert.equal((await call(server, `/v1/jobs/${body.job.id}`, { method: 'GET', token })).status, 404);
      assert.equal((await call(server, `/v1/jobs/${body.job.id}`, { method: 'DELETE', token })).status, 404);
      assert.equal((await post(form('x', 'x.txt'), token)).status, 404);
    }
  });

  it('reads as a member, and adds as a manager', async () => {
    const reader = await member(server, shop.id, 'client');
    assert.equal((await get(`/v1/knowledge/sources?agent_id=${shop.agentId}`, reader.token)).status, 200);
    assert.equal((await post(form('x', 'x.txt'), reader.token)).body.code, 'insufficient_role');
    assert.equal((await post(form('x', 'x.txt'), shop.guest.token)).status, 403);
  });

  it('sends nonsense gets a sentence', async () => {
    const empty = await post(form('', 'empty.txt'));
    assert.equal(empty.status, 400);
    assert.equal(empty.body.details, 'file');
    for (const [type, body] of [['multipart/form-data', 'x'], ['multipart/form-data; boundary=a', '--b\r\n'], ['multipart/form-data; boundary=a', '--a\r\n\r\nx\r\n--a--'], ['application/json', '[1]'], ['application/json', '{"agent_id": 7}']]) {
      const reply = await call(server, '/v1/knowledge/upload', { token: shop.token, body, headers: { 'content-type': type } });
      assert.equal(reply.status, 400, `${type} ${body}: ${reply.text}`);
    }
    const large = await fetch(`${server.url}/v1/knowledge/upload`, { method: 'POST', body: new Uint8Array(28 * 1024 * 1024), headers: { authorization: `Bearer ${shop.token}`, 'content-type': 'application/json' } }).catch(() => null);
    if (large) assert.equal(large.status, 413);
  });

  it('pays for less gets no more', async () => {
    await server.sql`update public.accounts set plan = 'basic' where id = ${theirs.id}`;
    const some = await Promise.all(Array.from({ length: 12 }, (_, i) => {
      const data = new FormData();
      data.set('agent_id', theirs.agentId);
      data.set('file', new Blob([`Number ${i} of many.`]), `${i}.txt`);
      return post(data, theirs.token);
    }));
    assert.equal(some.filter((reply) => reply.status === 202).length, 5, 'the plan has five sources');
    assert.ok(some.filter((reply) => reply.status !== 202).every((reply) => reply.body.code === 'plan_limit_reached'));
  });
});

describe('a file that cannot be read', () => {
  const failed = async (file, name) => settled((await post(form(file, name))).body.id, 'failed');

  it('says why', async () => {
    const cases = [
      [Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0]), 'picture.pdf', 'unsupported_type'],
      ['%PDF-1.7 nothing else', 'broken.pdf', 'file_damaged'],
      [pdf([{ lines: [] }]), 'scan.pdf', 'no_text'],
      ['   \n', 'blank.txt', 'no_text'],
      ['[1, 2', 'half.json', 'file_damaged'],
    ];
    for (const [file, name, code] of cases) {
      const { error, job } = await failed(file, name);
      assert.equal(error.code, code, name);
      assert.match(error.message, /^[A-Z].+\.$/);
      assert.equal(job.error.code, code);
    }
  });

  it('leaves what was read before to answer', async () => {
    const ready = await add('The old words stay.', 'stays.txt');
    await server.sql`update private.knowledge_files set bytes = '\\x00'::bytea where source_id = ${ready.id}`;
    await call(server, `/v1/knowledge/sources/${ready.id}/sync`, { token: shop.token, body: {} });
    const after = await eventually('the sync has failed', async () => {
      const now = await source(ready.id);
      return now.job.status === 'failed' && now;
    });
    assert.equal(after.status, 'ready');
    assert.equal(after.error.code, 'unsupported_type');
    assert.equal((await passages(ready.id))[0].content, 'The old words stay.');
  });

  it(`is one of ${HOSTILE} hostile ones: each ends by itself, with an end or a reason`, async () => {
    // As many at once as there are cores to wait for; each is a process with its own limits.
    const files = hostileFiles(HOSTILE + 1);
    const outcomes = new Map();
    async function worker() {
      for (const [name, bytes] of files) {
        if (name === SLOWEST) continue; // below, once
        const child = spawn(programPath(), ['extract', '--name', name], { stdio: ['pipe', 'pipe', 'ignore'] });
        child.stdin.on('error', () => {});
        child.stdin.end(bytes);
        let last = '';
        child.stdout.on('data', (data) => (last = (last + data).slice(-100_000)));
        const [code, signal] = await new Promise((resolve) => child.on('close', (...ended) => resolve(ended)));
        const line = last.trimEnd().split('\n').at(-1);
        const says = line.startsWith('{"end"') ? 'end' : JSON.parse(line.startsWith('{"failure"') ? line : '{}').failure ?? `${signal ?? code}`;
        outcomes.set(says, (outcomes.get(says) ?? 0) + 1);
        assert.ok(/^(end|file_damaged|file_locked|unsupported_type|too_large|too_much_memory|SIG\w+|1)$/.test(says), `${name}: ${says}`);
      }
    }
    await Promise.all([worker(), worker()]);
    console.log(Object.fromEntries(outcomes));
    assert.equal([...outcomes.values()].reduce((a, b) => a + b, 0), HOSTILE);
  });

  it('does nothing to the program, be it a bomb', async () => {
    const before = server.residentKiB();
    const ids = [];
    for (const [name, bytes] of hostileFiles(0)) {
      if (bytes.length > 24 * 1024 * 1024) continue;
      const { status, body } = await post(form(bytes, name));
      assert.ok([200, 202].includes(status), `${name}: ${JSON.stringify(body)}`);
      ids.push([name, body.id]);
    }
    assert.ok(ids.length > 20);
    for (const [name, id] of ids) {
      const ended = await eventually(`${name} has ended`, async () => {
        const now = await source(id);
        return ['done', 'failed'].includes(now.job.status) && now;
      }, 120_000);
      if (ended.status === 'failed') assert.match(ended.error.message, /^[A-Z].+\.$/, name);
      if (name === SLOWEST) assert.equal(ended.error.code, 'took_too_long');
      const alive = await call(server, '/health', { method: 'GET' });
      assert.equal(alive.status, 200);
    }
    console.log(`resident ${Math.round(before / 1024)} -> ${Math.round(server.residentKiB() / 1024)} MiB`);
    const slip = execFileSync('ls', ['/tmp'], { encoding: 'utf8' });
    assert.ok(!slip.includes('chatpad-slip'));
  });
});

describe('the process that reads', () => {
  it('keeps nothing open that whoever starts it had open', async () => {
    const child = spawn(programPath(), ['extract', '--name', 'a.txt'], { stdio: ['pipe', 'pipe', 'ignore', 'pipe', 'pipe'] });
    // Its own ends of these are closed before it reads a byte.
    await Promise.all([child.stdio[3], child.stdio[4]].map((stream) => new Promise((closed) => { stream.on('close', closed).resume(); })));
    assert.equal(child.exitCode, null, 'it still waits for its file');
    const said = child.stdout.setEncoding('utf8').toArray();
    child.stdin.end('Some words.');
    assert.match((await said).join(''), /Some words/);
  });
});

describe('a job', () => {
  it('is cancelled while it waits and while it runs', async () => {
    await server.sql`update public.accounts set plan = 'pro' where id = ${theirs.id}`;
    const big = pdf(Array.from({ length: 1200 }, (_, i) => ({ heading: `Chapter ${i}`, lines: Array.from({ length: 40 }, (_, k) => `Sentence ${k} of page ${i} says something that is not said elsewhere.`) })));
    const first = (await post(form(big, 'big.pdf'))).body;
    await eventually('it runs', async () => (await source(first.id)).job.status === 'running');
    const { body } = await call(server, `/v1/jobs/${first.job.id}`, { method: 'DELETE', token: shop.token });
    assert.ok(['cancelling', 'cancelled'].includes(body.status), JSON.stringify(body));
    const ended = await settled(first.id, 'failed');
    assert.equal(ended.job.status, 'cancelled');
    assert.equal((await passages(first.id)).length, 0);
    const [{ left }] = await server.sql`select count(*)::int as left from private.knowledge_staging`;
    assert.equal(left, 0);
  });

  it('that was under way at kill -9 goes on behind what is done', async () => {
    const big = pdf(Array.from({ length: 600 }, (_, i) => ({ heading: `Part ${i}`, lines: Array.from({ length: 20 }, (_, k) => `Line ${k} of part ${i} with a few more words.`) })), { title: 'Long' });
    const { body } = await post(form(big, 'long.pdf'));
    await eventually('a first run of pages is kept', async () => {
      const [job] = await server.sql`select state from private.jobs where subject_id = ${body.id}`;
      return job.state.count > 0;
    }, 60_000);
    await server.kill();
    await server.start();
    const ready = await settled(body.id);
    assert.equal(ready.pages, 600);
    assert.ok(ready.job.attempts >= 2);
    const rows = await passages(body.id);
    assert.equal(rows.length, ready.chunks);
    assert.deepEqual([...new Set(rows.map((row) => row.page))], Array.from({ length: 600 }, (_, i) => i + 1), 'every page once, in order');
    const [{ twice }] = await server.sql`select count(*)::int as twice from (select content from public.knowledge_chunks where source_id = ${body.id} group by content having count(*) > 1) x`;
    assert.equal(twice, 0);
  });

  it('is handed back at SIGTERM, which is no attempt', async () => {
    const big = pdf(Array.from({ length: 900 }, (_, i) => ({ lines: Array.from({ length: 40 }, (_, k) => `Row ${k} on sheet ${i} is full of words that take their time.`) })), { title: 'Handed' });
    const { body } = await post(form(big, 'handed.pdf'));
    await eventually('it runs', async () => (await source(body.id)).job.status === 'running');
    await server.halt();
    await server.start();
    const ready = await settled(body.id);
    assert.equal(ready.job.attempts, 1);
    assert.equal(ready.pages, 900);
  });

  it('shows in the metrics', async () => {
    const { text } = await call(server, '/metrics', { method: 'GET' });
    for (const name of ['chatpad_jobs_running', 'chatpad_jobs_waiting', 'chatpad_jobs_oldest_seconds']) assert.match(text, new RegExp(`^${name} `, 'm'));
    assert.match(text, /chatpad_jobs_ended_total\{outcome="done"\} \d+/);
  });
});
