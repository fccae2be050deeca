// GET /demo: a shop's page with the widget's one script line, to try everything out.
#include "functions/shared/page/agent_page.h"
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"
#include "runtime/edge/page.h"

namespace chatpad::functions::pages::demo {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  const Config& config = call.context().config();
  std::string id = config.demo_agent_id;
  PageAgent agent = co_await find_page_agent(call, std::move(id));
  PagePolicy policy;
  policy.referrer = "strict-origin-when-cross-origin";  // as on most shops' pages
  std::string html =
      shell("demo.html")
          .fill(
              {{"agentId", agent.id}, {"agentName", agent.name}, {"publicUrl", config.public_url}});
  co_return page_reply(config, 200, std::move(html), policy);
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
