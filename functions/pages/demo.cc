// GET /demo: a shop's page with the widget's one script line, to try everything out.
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"
#include "runtime/edge/page.h"

namespace chatpad::functions::pages::demo {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  const Config& config = call.context().config();
  if (config.demo_agent_id.empty()) raise(Errc::not_found);
  PagePolicy policy;
  policy.referrer = "strict-origin-when-cross-origin";  // as on most shops' pages
  co_return page_reply(
      config, 200,
      shell("demo.html")
          .fill({{"agentId", config.demo_agent_id}, {"publicUrl", config.public_url}}),
      policy);
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/demo",
          .auth = Auth::anyone,
          .body_bytes_max = 1_KiB,
          .rate = per_address(300, 10),
          .summary = "A shop's page with the widget, to try out",
          .handle = handle};
}

}  // namespace chatpad::functions::pages::demo
