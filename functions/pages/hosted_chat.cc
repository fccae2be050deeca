// GET /chat/{agentId}: a whole page to chat with the agent, for a link or a QR code.
#include "functions/shared/page/agent_page.h"

namespace chatpad::functions::pages::hosted_chat {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  Reply reply = co_await agent_page(call, "chat.html");
  co_return reply;
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/chat/{agentId}",
          .auth = Auth::anyone,
          .body_bytes_max = 1_KiB,
          .rate = per_address(300, 10),
          .summary = "The agent's own chat page",
          .handle = handle};
}

}  // namespace chatpad::functions::pages::hosted_chat
