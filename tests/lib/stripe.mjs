// Stands in for Stripe's API: keeps what it was asked, answers with `answer`.
//
//   const stripe = await startStripe();            // stripe.env for startServer
//   stripe.answer = () => [200, { url: '...' }];
//   after(() => stripe.stop());
import http from 'node:http';

export const STRIPE_KEY = 'sk_test_canary';

export async function startStripe() {
  const stripe = { asked: [], answer: () => [200, {}] };
  const server = http.createServer((request, reply) => {
    let text = '';
    request.on('data', (bytes) => (text += bytes));
    request.on('end', () => {
      stripe.asked.push({ path: request.url, method: request.method, key: request.headers.authorization, form: Object.fromEntries(new URLSearchParams(text)) });
      const [status, body] = stripe.answer();
      reply.writeHead(status, { 'content-type': 'application/json' }).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  stripe.url = `http://127.0.0.1:${server.address().port}`;
  stripe.env = { CHATPAD_STRIPE_SECRET_KEY: STRIPE_KEY, CHATPAD_STRIPE_URL: stripe.url };
  stripe.stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return stripe;
}
