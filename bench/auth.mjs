// What credentials add to get-widget-config: requests per second of a caller without any, and of callers
// whose token, project key or both are checked at every request. Server, database and load share the
// cores; rounds of all of them alternate.
import { wrk } from './lib/load.mjs';
import { figure, judge, median, ratios, rounds, seconds, verdict } from './lib/report.mjs';
import { startOurs } from './lib/server.mjs';

const CLIENTS = 32;
const ours = await startOurs({ loops: 2, pool: 4 });
const body = JSON.stringify({ agentId: ours.env.CHATPAD_DEMO_AGENT_ID });
const session = await fetch(`http://127.0.0.1:${ours.port}/auth/v1/token?grant_type=password`, {
  method: 'POST', body: JSON.stringify({ email: ours.env.CHATPAD_DEMO_EMAIL, password: ours.env.CHATPAD_DEMO_PASSWORD }),
}).then((reply) => reply.json());
const callers = {
  nobody: {},
  'the anon key': { BENCH_TOKEN: ours.env.SUPABASE_ANON_KEY },
  'a publishable key': { BENCH_APIKEY: ours.env.SUPABASE_PUBLISHABLE_KEY },
  'a person, and a publishable key': { BENCH_TOKEN: session.access_token, BENCH_APIKEY: ours.env.SUPABASE_PUBLISHABLE_KEY },
};
const http = (env, time = seconds) =>
  wrk(`http://127.0.0.1:${ours.port}/functions/v1/get-widget-config`, { script: 'post.lua', connections: CLIENTS, seconds: time, env: { BENCH_BODY: body, ...env } });

const rates = Object.fromEntries(Object.keys(callers).map((who) => [who, []]));
for (const env of Object.values(callers)) await http(env, 1);
for (let round = 0; round < rounds; round += 1) {
  for (const [who, env] of Object.entries(callers)) rates[who].push((await http(env)).perSecond);
}
for (const [who, values] of Object.entries(rates)) figure(who, values, 'requests/s');
for (const who of Object.keys(callers).slice(1)) {
  judge(`${who} beside nobody, requests/s`, median(ratios(rates[who], rates.nobody)), { atLeast: 0.95, unit: ' x' });
}
await ours.halt();
verdict();
