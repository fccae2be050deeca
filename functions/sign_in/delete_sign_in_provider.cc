// POST /functions/v1/delete-sign-in-provider: nobody signs in with it any more. Its people stay
// members until somebody takes them out of the team.
#include "functions/shared/team/secret.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::sign_in::delete_sign_in_provider {
using namespace chatpad::edge;

constexpr pg::Statement kDelete{"delete_sign_in_provider",
                                "select api.delete_sign_in_provider($1, $2)"};

struct Input {
  Uuid provider_id;
  static Input read(const wire::Fields& f) { return {f.uuid("providerId")}; }
};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.provider_id, origin_json(call));
  std::string body = co_await call.db().json(kDelete, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user | Auth::service,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(30, 60),
          .summary = "Remove a provider that people may sign in with",
          .handle = handle};
}

}  // namespace chatpad::functions::sign_in::delete_sign_in_provider
