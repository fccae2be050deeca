// DELETE /auth/v1/user/identities/{id}: the signed-in person can sign in with this identity no
// more. The last one stays. Who has a second factor needs it for this.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::unlink_identity {
using namespace chatpad::edge;

constexpr pg::Statement kUnlink{"auth_unlink_identity",
                                "select api.auth_unlink_identity($1, $2, $3)"};

Task<Reply> handle(Call call) {
  const auto id = Uuid::parse(call.path_parameter());
  if (!id) raise(Errc::identity_not_found);
  const std::optional<Uuid> session = Uuid::parse(call.caller().session_id);
  pg::Params params(call.caller().subject, session, *id);
  co_await call.service().rows(kUnlink, std::move(params));
  co_return ok("{}");
}

Endpoint endpoint() {
  return {.method = http::Method::del,
          .path = "/auth/v1/user/identities/{id}",
          .auth = Auth::user,
          .rate = per_caller(30, 60),
          .summary = "Unlink an identity",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::unlink_identity
