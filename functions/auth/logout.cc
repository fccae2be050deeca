// POST /auth/v1/logout?scope=global|local|others: ends sessions; their refresh tokens stop working.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::logout {
using namespace chatpad::edge;

constexpr pg::Statement kLogout{"auth_logout", "select api.auth_logout($1, $2, $3)"};

Task<Reply> handle(Call call) {
  const Caller& caller = call.caller();
  const std::string scope = call.query("scope").value_or("global");
  pg::Params params(caller.subject, std::optional<Uuid>(Uuid::parse(caller.session_id)), scope);
  co_await call.service().rows(kLogout, std::move(params));
  co_return no_content();
}

Endpoint endpoint() {
  return {.path = "/auth/v1/logout",
          .auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(30, 10),
          .summary = "End this session, all of the person's sessions, or all others",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::logout
