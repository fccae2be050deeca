// GET /v1/models: the agents an API key may talk to, as OpenAI lists models.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::chat::list_models {
using namespace chatpad::edge;

constexpr pg::Statement kModels{"chat_models", "select api.chat_models()"};

Task<Reply> handle(Call call) {
  std::string body = co_await call.db().json(kModels, pg::Params());
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/v1/models",
          .auth = Auth::api_key,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "The agents an API key may talk to, as OpenAI lists models",
          .handle = handle};
}

}  // namespace chatpad::functions::chat::list_models
