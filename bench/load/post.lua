-- POSTs BENCH_BODY with the token BENCH_TOKEN and the key BENCH_APIKEY, each if it is set. With BENCH_IDS (comma separated), request after
-- request takes the next id and puts it in place of the word ID in the body.
wrk.method = "POST"
wrk.body = os.getenv("BENCH_BODY")
wrk.headers["Content-Type"] = "application/json"
local token = os.getenv("BENCH_TOKEN")
local apikey = os.getenv("BENCH_APIKEY")
if token then wrk.headers["Authorization"] = "Bearer " .. token end
if apikey then wrk.headers["apikey"] = apikey end

local requests = {}
local at = 0

function init(args)
  local ids = os.getenv("BENCH_IDS")
  if not ids then return end
  for id in string.gmatch(ids, "[^,]+") do
    requests[#requests + 1] = wrk.format(nil, nil, nil, (string.gsub(wrk.body, "ID", id)))
  end
  request = function()
    at = at % #requests + 1
    return requests[at]
  end
end

function done(summary, latency)
  local e = summary.errors
  print(string.format("RESULT %d %d %d %d %d %d", summary.requests, summary.duration, e.status,
    e.connect + e.read + e.write + e.timeout, latency:percentile(50), latency:percentile(99)))
end
