// POST /functions/v1/create-agent: a new agent of an account, within its plan.
#include "functions/shared/agent/agent_input.h"
#include "functions/shared/team/secret.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::agents::create_agent {
using namespace chatpad::edge;

struct Input {
  Uuid account_id;
  AgentInput settings;
  static Input read(const wire::Fields& f) { return {f.uuid("accountId"), AgentInput::read(f)}; }
};

constexpr pg::Statement kStatement{"create_agent", "select api.create_agent($1, $2, $3)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.account_id, input.settings.json, origin_json(call));
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return created(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 256_KiB,
          .rate = per_caller(30, 60),
          .summary = "Make an agent",
          .handle = handle};
}

}  // namespace chatpad::functions::agents::create_agent
