// DELETE /auth/v1/factors/{id}: a second factor less. A verified one wants a session that was
// opened with one; sessions that this one made aal2 are aal1 from their next renewal on.
#include "functions/shared/account/factor.h"
#include "runtime/edge/endpoint.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::auth::factor_unenroll {
using namespace chatpad::edge;

constexpr pg::Statement kUnenroll{"mfa_unenroll", "select api.mfa_unenroll($1, $2, $3)"};

Task<Reply> handle(Call call) {
  const Uuid factor = factor_of_path(call);
  pg::Params params(call.caller().subject, session_of(call), factor);
  co_await call.service().rows(kUnenroll, std::move(params));
  wire::JsonWriter out;
  out.object().field("id", factor).end();
  co_return ok(std::move(out).str());
}

Endpoint endpoint() {
  return {.method = http::Method::del,
          .path = "/auth/v1/factors/{id}",
          .auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(30, 60),
          .summary = "Remove a second factor",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::factor_unenroll
