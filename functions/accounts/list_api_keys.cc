// POST /functions/v1/list-api-keys: the API keys of an account, without their secrets.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::accounts::list_api_keys {
using namespace chatpad::edge;

struct Input {
  Uuid account_id;
  static Input read(const wire::Fields& f) { return {f.uuid("accountId")}; }
};

constexpr pg::Statement kStatement{"list_api_keys", "select api.list_api_keys($1)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  std::string body = co_await call.db().json(kStatement, pg::Params(input.account_id));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "The API keys of an account",
          .handle = handle};
}

}  // namespace chatpad::functions::accounts::list_api_keys
