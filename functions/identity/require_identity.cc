// POST /functions/v1/require-identity: whether the agent talks to identified visitors only.
#include "functions/shared/visitor/identity_settings.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::identity::require_identity {
using namespace chatpad::edge;

struct Input {
  Uuid agent_id;
  bool required;
  static Input read(const wire::Fields& f) {
    return {f.uuid("agentId"), f.boolean("required", true)};
  }
};

constexpr pg::Statement kStatement{
    "require_identity",
    "select version, previous_until, required from api.require_identity($1, $2)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.agent_id, input.required);
  return identity_settings(call, input.agent_id, kStatement, std::move(params));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(30, 60),
          .summary = "Let an agent talk to identified visitors only",
          .handle = handle};
}

}  // namespace chatpad::functions::identity::require_identity
