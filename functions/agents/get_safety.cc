// POST /functions/v1/get-safety: an agent's safety settings. What is left out has its default.
#include "functions/shared/account/by_id.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::agents::get_safety {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"get_safety", "select api.get_safety($1)"};

Task<Reply> handle(Call call) { return answer_by_id(call, "agentId", kStatement); }

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "An agent's safety settings",
          .handle = handle};
}

}  // namespace chatpad::functions::agents::get_safety
