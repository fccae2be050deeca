// POST /functions/v1/set-account-plan: a super admin puts an account on a plan, or gives it
// something beyond its plan. Answers with the account's usage under what holds now.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::billing::set_account_plan {
using namespace chatpad::edge;

struct Input {
  Uuid account_id;
  std::optional<std::string> plan;
  std::optional<std::string> limits;
  std::optional<std::string> features;
  std::optional<std::string> note;
  static Input read(const wire::Fields& f) {
    return {f.uuid("accountId"), f.optional_string("plan", 32),
            f.optional_object_text("limits", 4_KiB), f.optional_object_text("features", 4_KiB),
            f.optional_string("note", 1000)};
  }
};

constexpr pg::Statement kStatement{"set_account_plan",
                                   "select api.set_account_plan($1, $2, $3, $4, $5)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.account_id, input.plan, input.limits, input.features, input.note);
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user | Auth::service,
          .body_bytes_max = 16_KiB,
          .rate = per_caller(60, 60),
          .summary = "Put an account on a plan, or give it something beyond it (super admin)",
          .handle = handle};
}

}  // namespace chatpad::functions::billing::set_account_plan
