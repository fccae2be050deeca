// POST /functions/v1/validate-api-key: which account, scopes and plan an API key stands for.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::accounts::validate_api_key {
using namespace chatpad::edge;

constexpr pg::Statement kValidate{"validate_api_key", "select api.validate_api_key()"};

Task<Reply> handle(Call call) {
  std::string body = co_await call.db().json(kValidate, pg::Params());
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::api_key,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(60, 10),
          .summary = "The account, scopes and plan of the API key that asks",
          .handle = handle};
}

}  // namespace chatpad::functions::accounts::validate_api_key
