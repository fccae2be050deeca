// POST /functions/v1/update-safety: new safety settings for an agent, as a whole. Patterns are
// compiled here, so that none which cannot be used is ever stored.
#include "functions/shared/safety/policy.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::agents::update_safety {
using namespace chatpad::edge;

struct Input {
  Uuid agent_id;
  std::string settings;
  static Input read(const wire::Fields& f) {
    Input in;
    in.agent_id = f.uuid("agentId");
    const auto settings = f.optional_object_text("safety", chatpad::safety::kSettingsBytesMax);
    if (!settings) wire::refuse_field("safety", "must be an object");
    chatpad::safety::Policy::parse(*settings).or_raise();
    in.settings = *settings;
    return in;
  }
};

constexpr pg::Statement kStatement{"update_safety", "select api.update_safety($1, $2)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.agent_id, input.settings);
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 64_KiB,
          .rate = per_caller(30, 60),
          .summary = "Change an agent's safety settings",
          .handle = handle};
}

}  // namespace chatpad::functions::agents::update_safety
