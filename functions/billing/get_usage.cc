// POST /functions/v1/get-usage: what an account has used of what its plan allows, this month and by
// day. An API key asks for its own account.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::billing::get_usage {
using namespace chatpad::edge;

struct Input {
  std::optional<Uuid> account_id;
  static Input read(const wire::Fields& f) { return {f.optional_uuid("accountId")}; }
};

constexpr pg::Statement kStatement{"get_usage", "select api.get_usage($1)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  if (!input.account_id && call.caller().kind != CallerKind::api_key) {
    wire::refuse_field("accountId", "must be the id of an account");
  }
  pg::Params params(input.account_id);
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user | Auth::api_key | Auth::service,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(60, 10),
          .summary = "What an account has used of what its plan allows",
          .handle = handle};
}

}  // namespace chatpad::functions::billing::get_usage
