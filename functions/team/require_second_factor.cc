// POST /functions/v1/require-second-factor: the account lets nobody in without a second factor, or
// everybody again.
#include "functions/shared/team/secret.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::team::require_second_factor {
using namespace chatpad::edge;

struct Input {
  Uuid account_id;
  bool required;
  static Input read(const wire::Fields& f) {
    return {f.uuid("accountId"), f.boolean("required", true)};
  }
};

constexpr pg::Statement kStatement{"require_second_factor",
                                   "select api.require_second_factor($1, $2, $3)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.account_id, input.required, origin_json(call));
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(30, 60),
          .summary = "Let nobody into an account without a second factor",
          .handle = handle};
}

}  // namespace chatpad::functions::team::require_second_factor
