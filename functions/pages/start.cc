// GET /: where everything is. For whoever has just started the program.
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"
#include "runtime/edge/page.h"

namespace chatpad::functions::pages::start {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  const Config& config = call.context().config();
  co_return page_reply(
      config, 200,
      shell("index.html")
          .fill({{"agentId", config.demo_agent_id}, {"publicUrl", config.public_url}}),
      PagePolicy());
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/",
          .auth = Auth::anyone,
          .body_bytes_max = 1_KiB,
          .rate = per_address(300, 10),
          .summary = "The start page: where everything is",
          .handle = handle};
}

}  // namespace chatpad::functions::pages::start
