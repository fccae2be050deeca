// GET /widget/{agentId}: the document inside the widget's frame on somebody's site.
#include "functions/shared/page/agent_page.h"

namespace chatpad::functions::pages::widget_frame {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  Reply reply = co_await agent_page(call, "widget.html");
  co_return reply;
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/widget/{agentId}",
          .auth = Auth::anyone,
          .body_bytes_max = 1_KiB,
          .rate = per_address(300, 10),
          .summary = "The document in the widget's frame",
          .handle = handle};
}

}  // namespace chatpad::functions::pages::widget_frame
