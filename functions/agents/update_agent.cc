// POST /functions/v1/update-agent: other settings for an agent; what is not named stays.
#include "functions/shared/agent/agent_input.h"
#include "functions/shared/team/secret.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::agents::update_agent {
using namespace chatpad::edge;

struct Input {
  Uuid agent_id;
  AgentInput settings;
  static Input read(const wire::Fields& f) { return {f.uuid("agentId"), AgentInput::read(f)}; }
};

constexpr pg::Statement kStatement{"update_agent", "select api.update_agent($1, $2, $3)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.agent_id, input.settings.json, origin_json(call));
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 256_KiB,
          .rate = per_caller(60, 60),
          .summary = "Change an agent's settings",
          .handle = handle};
}

}  // namespace chatpad::functions::agents::update_agent
