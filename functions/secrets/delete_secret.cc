// POST /functions/v1/delete-secret: forgets a secret of an account.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::secrets::delete_secret {
using namespace chatpad::edge;

struct Input {
  Uuid account_id;
  std::string name;
  static Input read(const wire::Fields& f) {
    return {f.uuid("accountId"), f.string("name", 1, 63)};
  }
};

constexpr pg::Statement kStatement{"delete_secret", "select api.delete_account_secret($1, $2)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.account_id, input.name);
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "Forget a secret of an account",
          .handle = handle};
}

}  // namespace chatpad::functions::secrets::delete_secret
