// The page of what an agent knows: files are chosen and dropped, pages and questions added, one by one and as
// a table, progress shown live, failures said in words; by keyboard, for who may only look, on a phone. And a
// visitor's answer cites the title and page of what the owner has added.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, it } from 'node:test';
import { adminOn, assertFits, axe, gone, hostedOn, SIZES, soon, stage, visible } from '../lib/browser.mjs';
import { account, member } from '../lib/callers.mjs';
import { pdf } from '../lib/files.mjs';
import { startSite } from '../lib/site.mjs';

const site = await startSite({ '/hours': { body: '<!doctype html><title>Hours of the mill</title><main><h1>Hours of the mill</h1><p>The mill grinds from six to noon.</p></main>' } });
const { server, browser } = await stage({ env: { CHATPAD_FETCH_ALLOW: '127.0.0.9' } });
after(() => site.stop());
const mill = await account(server, 'mill');
let expected = [];
const opened = [];
afterEach(async () => {
  for (const person of opened.splice(0)) {
    person.assertClean(expected);
    await person.close();
  }
  expected = [];
});
const sit = async (who = mill, options) => {
  const person = await browser.open(server, { bypassCSP: true, ...options });
  opened.push(person);
  const admin = adminOn(person.page);
  await admin.signIn(server, who);
  await admin.go('Knowledge');
  await visible(person.page.getByRole('heading', { name: 'Knowledge', exact: true }));
  return { ...person, admin, row: (text) => person.page.getByRole('region', { name: 'Sources' }).getByRole('listitem').filter({ hasText: text }) };
};
const clean = async (page, what) => assert.deepEqual(await axe(page), [], what);
const manual = (title, days) => pdf([
  { heading: 'Millstones', lines: ['Our millstones are cut from basalt.', 'They weigh as much as a horse.'] },
  { heading: 'Guarantee', lines: [`The guarantee on every millstone lasts ${days} days.`, 'It covers cracks.'] },
], { title });

it('the demo shop\'s owner adds a PDF, and a visitor\'s answer cites its title and page', async () => {
  const owner = await sit({ email: server.env.CHATPAD_DEMO_EMAIL, password: server.env.CHATPAD_DEMO_PASSWORD });
  await owner.page.locator('input[type=file]').setInputFiles({ name: 'm.pdf', mimeType: 'application/pdf', buffer: manual('Millstone manual', 731) });
  await visible(owner.row('Millstone manual').getByText('Answers'));
  await visible(owner.row('Millstone manual').getByText('2 pages'));
  await clean(owner.page, 'with sources');

  const visitor = await browser.open(server);
  opened.push(visitor);
  const chat = hostedOn(visitor.page);
  await visitor.page.goto(`${server.url}/chat/${server.env.CHATPAD_DEMO_AGENT_ID}`);
  await chat.ready();
  await chat.ask('How long does the guarantee on a millstone last?', '731 days');
  await visible(chat.sources);
  const [{ citations }] = await server.sql`select citations from public.messages where role = 'assistant' and content like '%731 days%' order by created_at desc limit 1`;
  assert.deepEqual([citations[0].title, citations[0].page], ['Millstone manual', 2]);
});

it('files are dropped, pages, questions and texts are added, and each says how it went', async () => {
  const { page, row } = await sit();
  await visible(page.getByText('Nothing yet'));
  await clean(page, 'empty');
  const dropped = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(['# Flour\n\nOur flour is rye.\n'], 'flour.md'));
    data.items.add(new File([new Uint8Array([137, 80, 78, 71, 0, 0])], 'picture.pdf'));
    return data;
  });
  await page.locator('.drop').dispatchEvent('drop', { dataTransfer: dropped });
  await visible(row('flour.md').getByText('Answers'));
  await visible(row('picture.pdf').getByText('This kind of file cannot be read.'));

  await page.getByLabel('Add', { exact: true }).selectOption('url');
  await page.getByLabel('Address of the page').fill('');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await visible(page.getByText('Give the address, with https:// in front.'));
  expected = [/status of 400/];
  await page.getByLabel('Address of the page').fill('not an address');
  await page.keyboard.press('Enter');
  await visible(page.getByRole('alert').filter({ hasText: 'URL' }));
  await page.getByLabel('Address of the page').fill(`${site.url}/hours`);
  await page.keyboard.press('Enter');
  await visible(row('Hours of the mill').getByText('Answers'));

  await page.getByLabel('Add', { exact: true }).selectOption('faq');
  await page.getByLabel('Question', { exact: true }).fill('Do you grind spelt?');
  await page.getByLabel('Answer', { exact: true }).fill('On Thursdays.');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await visible(row('Questions and answers').getByText('1 entry'));
  await page.getByLabel('Add', { exact: true }).selectOption('text');
  await page.getByLabel('Title').fill('About us');
  await page.getByLabel('Text', { exact: true }).fill('We have ground since 1820.');
  await clean(page, 'with a form');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await visible(row('About us'));

  await row('flour.md').getByRole('button', { name: 'Delete flour.md' }).click();
  await row('flour.md').getByRole('button', { name: 'Delete', exact: true }).click();
  await gone(row('flour.md'));
});

it('a table of questions is looked at, added in parts, and saved as CSV', async () => {
  const { page, row } = await sit();
  await page.getByLabel('Add', { exact: true }).selectOption('table');
  const table = page.locator('input[type=file]');
  const choose = (name, text) => table.setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(text) });
  await choose('book.xlsx', 'PK\u0003\u0004');
  await visible(page.getByRole('alert').filter({ hasText: 'save the sheet as CSV' }));

  const many = Array.from({ length: 430 }, (_, i) => `What does sack ${i} weigh?;${i} pounds\r\n`).join('');
  await choose('faq.csv', `Question;Answer\r\n<img src=x onerror=alert(1)>;=1+1\r\nNo answer?;\r\n${many}`);
  await visible(page.getByText('faq.csv: 431 questions'));
  await visible(page.getByText('Left out, row 3: the answer is missing.'));
  await clean(page, 'with a table');
  await page.getByRole('button', { name: 'Add 431 questions' }).focus();
  await page.keyboard.press('Enter');
  await visible(page.getByRole('status').getByText('431 questions added'));
  await visible(row('Questions and answers').getByText('432 entries'));

  const dropped = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File([JSON.stringify([{ question: 'What does sack 7 weigh?', answer: '7 pounds' }, { question: 'Who grinds?', answer: 'The miller.', tags: ['people'] }])], 'again.json'));
    return data;
  });
  await page.locator('.drop').dispatchEvent('drop', { dataTransfer: dropped });
  await page.getByRole('button', { name: 'Add 2 questions' }).click();
  await visible(page.getByText('1 question added, 1 there already'));

  const saving = page.waitForEvent('download');
  await row('Questions and answers').getByRole('button', { name: 'Save as CSV: Questions and answers' }).click();
  const saved = readFileSync(await (await saving).path(), 'utf8').split('\r\n');
  assert.equal(saved.length, 1 + 433 + 1);
  assert.deepEqual([saved[0], saved.at(-2), saved.at(-1)], ['\ufeffquestion,answer,tags', 'Who grinds?,The miller.,people', '']);
  assert.ok(saved.includes('<img src=x onerror=alert(1)>,"\'=1+1",'));
});

it('what is under way shows live, and is stopped', async () => {
  const { page, row } = await sit();
  const long = pdf(Array.from({ length: 1500 }, (_, i) => ({ lines: Array.from({ length: 45 }, (_, k) => `Sentence ${k} of page ${i} tells of grain, of water and of wheels.`) })));
  await page.locator('input[type=file]').setInputFiles({ name: 'long.pdf', mimeType: 'application/pdf', buffer: long });
  await visible(row('long.pdf').getByText(/Reading page \d+ of 1500/));
  await visible(row('long.pdf').getByRole('progressbar', { name: 'Reading long.pdf' }));
  await row('long.pdf').getByRole('button', { name: 'Stop reading long.pdf' }).click();
  await visible(row('long.pdf').getByText('The work was cancelled.'));
  await row('long.pdf').getByRole('button', { name: 'Read again: long.pdf' }).focus();
  await page.keyboard.press('Enter');
  await visible(row('long.pdf').getByRole('progressbar'));
  await row('long.pdf').getByRole('button', { name: 'Delete long.pdf' }).click();
  await row('long.pdf').getByRole('button', { name: 'Delete', exact: true }).click();
  await gone(row('long.pdf'));
});

it('who may only look sees the sources and nothing to change them; on a phone everything fits', async () => {
  const client = await member(server, mill.id, 'client');
  const { page, row, admin } = await sit(client, { size: SIZES.phone, dark: true });
  await admin.use('mill');
  await admin.go('Knowledge');
  await soon('the sources', () => row('About us').count());
  assert.equal(await page.getByRole('group', { name: 'Add knowledge' }).count(), 0);
  assert.equal(await page.getByRole('button', { name: /^(Delete|Read|Stop)/ }).count(), 0);
  await visible(row('Questions and answers').getByRole('button', { name: /^Save as CSV/ }));
  await clean(page, 'client on a phone');
  await assertFits(page, 'client');
  const owner = await sit(mill, { size: SIZES.phone });
  await visible(owner.row('About us'));
  await clean(owner.page, 'owner on a phone');
  await assertFits(owner.page, 'owner');
  await owner.page.getByLabel('Add', { exact: true }).selectOption('table');
  await owner.page.locator('input[type=file]').setInputFiles({ name: `${'long'.repeat(30)}.csv`, mimeType: 'text/csv', buffer: Buffer.from(`${'W'.repeat(90)}?,\nA?,a\n`) });
  await visible(owner.page.getByRole('button', { name: 'Add 1 question' }));
  await assertFits(owner.page, 'a table on a phone');
});
