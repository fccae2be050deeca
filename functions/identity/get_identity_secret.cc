// POST /functions/v1/get-identity-secret: the secret with which a site's server vouches for its
// customers, for people of role admin.
#include "functions/shared/visitor/identity_settings.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::identity::get_identity_secret {
using namespace chatpad::edge;

struct Input {
  Uuid agent_id;
  static Input read(const wire::Fields& f) { return {f.uuid("agentId")}; }
};

constexpr pg::Statement kStatement{
    "identity_settings", "select version, previous_until, required from api.identity_settings($1)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.agent_id);
  return identity_settings(call, input.agent_id, kStatement, std::move(params));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(30, 60),
          .summary = "The secret with which a site vouches for its customers",
          .handle = handle};
}

}  // namespace chatpad::functions::identity::get_identity_secret
