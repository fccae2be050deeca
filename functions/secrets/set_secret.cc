// POST /functions/v1/set-secret: stores a secret of an account, such as a provider's key, under a
// name. It is sealed before it reaches the database, and no endpoint gives it back.
#include "functions/shared/secret/secrets.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::secrets::set_secret {
using namespace chatpad::edge;

struct Input {
  Uuid account_id;
  std::string name;
  std::string value;
  static Input read(const wire::Fields& f) {
    return {f.uuid("accountId"), f.string("name", 1, 63), f.string("value", 1, kSecretCharsMax)};
  }
};

Task<Reply> handle(Call call) {
  Input input = call.json<Input>();
  std::string body = co_await store_secret(&call.context(), call.db(), input.account_id,
                                           std::move(input.name), std::move(input.value));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 64_KiB,
          .rate = per_caller(60, 60),
          .summary = "Store a secret of an account",
          .handle = handle};
}

}  // namespace chatpad::functions::secrets::set_secret
