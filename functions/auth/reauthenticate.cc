// GET /auth/v1/reauthenticate: mails the person a code, the `nonce` of a change of password.
#include "functions/shared/account/mail_request.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::reauthenticate {
using namespace chatpad::edge;

constexpr pg::Statement kSend{"auth_reauthenticate", "select api.auth_reauthenticate($1, $2)"};

Task<Reply> handle(Call call) {
  wire::JsonWriter p = mail_request(call, "", std::nullopt);
  p.end();
  pg::Params params(call.caller().subject, std::move(p).str());
  co_await call.service().rows(kSend, std::move(params));
  co_return ok("{}");
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/auth/v1/reauthenticate",
          .auth = Auth::user,
          .rate = per_caller(30, 300),
          .summary = "Mail a code that a change of password asks for",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::reauthenticate
