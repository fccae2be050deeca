// POST /functions/v1/get-agent: an agent with all its settings, for the people who manage it.
#include "functions/shared/account/by_id.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::agents::get_agent {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"get_agent", "select api.get_agent($1)"};

Task<Reply> handle(Call call) { return answer_by_id(call, "agentId", kStatement); }

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "An agent with all its settings",
          .handle = handle};
}

}  // namespace chatpad::functions::agents::get_agent
