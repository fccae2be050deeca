// POST /functions/v1/list-sign-in-providers: those of an account, for its owners, or (without
// accountId) of the server, for the operator.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::sign_in::list_sign_in_providers {
using namespace chatpad::edge;

constexpr pg::Statement kList{"list_sign_in_providers", "select api.list_sign_in_providers($1)"};

struct Input {
  std::optional<Uuid> account_id;
  static Input read(const wire::Fields& f) { return {f.optional_uuid("accountId")}; }
};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  std::string body = co_await call.db().json(kList, pg::Params(input.account_id));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user | Auth::service,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "The providers that people may sign in with",
          .handle = handle};
}

}  // namespace chatpad::functions::sign_in::list_sign_in_providers
