// POST /functions/v1/list-secrets: the names of an account's secrets, with the last characters and
// dates. Their values are given to nobody.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::secrets::list_secrets {
using namespace chatpad::edge;

struct Input {
  Uuid account_id;
  static Input read(const wire::Fields& f) { return {f.uuid("accountId")}; }
};

constexpr pg::Statement kStatement{"list_secrets", "select api.list_account_secrets($1)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.account_id);
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "The names of an account's secrets",
          .handle = handle};
}

}  // namespace chatpad::functions::secrets::list_secrets
