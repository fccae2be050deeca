// Deno.serve with a preflight reply equal to ours. PORT
const headers = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
  'access-control-allow-headers':
    'authorization, x-client-info, apikey, content-type, x-retry-count, traceparent, tracestate, ' +
    'baggage, accept-profile, content-profile, prefer, range, x-upsert, x-metadata, cache-control, ' +
    'x-supabase-api-version, x-region, idempotency-key, last-event-id',
  'access-control-max-age': '86400',
};

Deno.serve({ port: Number(Deno.args[0]), hostname: '127.0.0.1', onListen() {} }, (request) => {
  if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers });
  return new Response(null, { status: request.url.endsWith('/health') ? 200 : 404 });
});
