// GET /api/chatbot-widget/config/{id}: the public configuration of an agent.
#include "functions/shared/conversation/chat_config.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::chatbot_widget::config {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  const std::optional<Uuid> id = Uuid::parse(call.path_parameter());
  if (!id) raise(Errc::not_found);
  std::string body = co_await chat_config(call, *id);
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/api/chatbot-widget/config/{id}",
          .auth = Auth::anyone,
          .body_bytes_max = 4_KiB,
          .rate = per_address(120, 10),
          .summary = "The public configuration of an agent",
          .handle = handle};
}

}  // namespace chatpad::functions::chatbot_widget::config
