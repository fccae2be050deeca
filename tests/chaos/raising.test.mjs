// A thousand subscribers of one table, and one more whose claims make its policy raise at every row.
import { after, before, it } from 'node:test';
import { account } from '../lib/callers.mjs';
import { oneRaises, prepareRaising } from '../lib/raising.mjs';
import { startServer } from '../lib/server.mjs';

let server;
let shop;
before(async () => {
  server = await startServer({ env: { CHATPAD_LOOPS: '2' } });
  shop = await account(server);
  await prepareRaising(server);
});
after(async () => {
  shop?.client.realtime.disconnect();
  await server?.stop();
});

it('one of 1,001 subscribers raises; the thousand get all 500 rows, in order and once', async (context) => {
  const began = performance.now();
  const { behind } = await oneRaises(server, shop, { many: 1000, writes: 500 });
  context.diagnostic(`${Math.round(performance.now() - began)} ms; nobody was ever more than ${behind} rows behind`);
});
