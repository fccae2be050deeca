-- The CORS preflight that a browser sends before widget-chat.
wrk.method = "OPTIONS"
wrk.headers["Origin"] = "https://shop.example"
wrk.headers["Access-Control-Request-Method"] = "POST"
wrk.headers["Access-Control-Request-Headers"] = "authorization,apikey,content-type,x-client-info"

function done(summary, latency)
  local e = summary.errors
  print(string.format("RESULT %d %d %d %d %d %d", summary.requests, summary.duration, e.status,
    e.connect + e.read + e.write + e.timeout, latency:percentile(50), latency:percentile(99)))
end
