// POST /functions/v1/list-agents: the agents of an account.
#include "functions/shared/account/by_id.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::accounts::list_agents {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"list_agents", "select api.list_agents($1)"};

Task<Reply> handle(Call call) { return answer_by_id(call, "accountId", kStatement); }

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "The agents of an account",
          .handle = handle};
}

}  // namespace chatpad::functions::accounts::list_agents
