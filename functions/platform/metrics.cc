// GET /metrics: Prometheus text. No label holds anything of a tenant.
#include "runtime/edge/metrics.h"

#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::platform::metrics {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  Reply reply = ok(call.context().metrics().text());
  reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
  co_return reply;
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/metrics",
          .auth = Auth::anyone,
          .summary = "Counters and gauges for Prometheus",
          .handle = handle};
}

}  // namespace chatpad::functions::platform::metrics
