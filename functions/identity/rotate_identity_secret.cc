// POST /functions/v1/rotate-identity-secret: a new secret; the one before stays good for a while.
#include "functions/shared/visitor/identity_settings.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::identity::rotate_identity_secret {
using namespace chatpad::edge;

constexpr int64_t kOverlapS = 86'400;          // a day
constexpr int64_t kOverlapMaxS = 30 * 86'400;  // the longest

struct Input {
  Uuid agent_id;
  int64_t overlap_s;
  static Input read(const wire::Fields& f) {
    return {f.uuid("agentId"),
            f.optional_integer("overlapSeconds", 0, kOverlapMaxS).value_or(kOverlapS)};
  }
};

constexpr pg::Statement kStatement{
    "rotate_identity_secret",
    "select version, previous_until, required from api.rotate_identity_secret($1, $2)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.agent_id, input.overlap_s);
  return identity_settings(call, input.agent_id, kStatement, std::move(params));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(30, 60),
          .summary = "A new secret with which a site vouches for its customers",
          .handle = handle};
}

}  // namespace chatpad::functions::identity::rotate_identity_secret
