// POST /auth/v1/factors/{id}/challenge: what a code is then sent for, within five minutes and from
// the same address.
#include "functions/shared/account/factor.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::factor_challenge {
using namespace chatpad::edge;

constexpr pg::Statement kChallenge{"mfa_challenge", "select api.mfa_challenge($1, $2, $3, $4)"};

Task<Reply> handle(Call call) {
  const Uuid factor = factor_of_path(call);
  pg::Params params(call.caller().subject, session_of(call), factor, call.client_address());
  std::string body = co_await call.service().json(kChallenge, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.path = "/auth/v1/factors/{id}/challenge",
          .auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(15, 60),
          .summary = "Ask for a code of a second factor",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::factor_challenge
