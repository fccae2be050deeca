// POST /v1/conversations/{id}/escalate: calls a person. 409 when one is there already, or the
// conversation is over.
#include "functions/shared/paging/query.h"
#include "functions/shared/safety/guard.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::conversations::escalate {
using namespace chatpad::edge;

constexpr size_t kReasonCharsMax = 2000;

struct Input {
  std::optional<std::string> reason;
  std::string priority;
  static Input read(const wire::Fields& f) {
    return {f.optional_string("reason", kReasonCharsMax),
            f.optional_choice("priority", {"low", "medium", "high", "urgent"}).value_or("medium")};
  }
};

constexpr pg::Statement kStatement{"escalate_conversation",
                                   "select api.escalate_conversation($1, $2, $3, $4)"};

Task<Reply> handle(Call call) {
  Input input{std::nullopt, "medium"};
  if (!call.request().body.empty()) input = call.json<Input>();
  pg::Params params(id_of_path(call), input.reason, input.priority, safety::kEscalationWords);
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.path = "/v1/conversations/{id}/escalate",
          .auth = Auth::user | Auth::api_key,
          .body_bytes_max = 16_KiB,
          .rate = per_caller(60, 60),
          .summary = "Call a person into a conversation",
          .handle = handle};
}

}  // namespace chatpad::functions::conversations::escalate
