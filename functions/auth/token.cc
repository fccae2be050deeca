// POST /auth/v1/token?grant_type=password|refresh_token|pkce|id_token: a session for an address and
// password, for a refresh token (which is replaced; see session.h for what a reused one gets), for
// the code that a link or a provider ended with (flow.h), or for a provider's ID token.
#include "functions/shared/account/flow.h"
#include "functions/shared/account/grants.h"
#include "functions/shared/account/sign_in.h"
#include "functions/shared/external/id_token_grant.h"
#include "functions/shared/external/landing.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::token {
using namespace chatpad::edge;

struct PasswordInput {
  std::string email;
  std::string password;
  static PasswordInput read(const wire::Fields& f) {
    return {f.optional_string("email", 320).value_or(""), f.string("password", 1, 1024)};
  }
};

struct RefreshInput {
  std::string refresh_token;
  static RefreshInput read(const wire::Fields& f) { return {f.string("refresh_token", 1, 512)}; }
};

struct CodeInput {
  std::string auth_code;
  std::string code_verifier;
  static CodeInput read(const wire::Fields& f) {
    return {f.string("auth_code", 1, 256), f.string("code_verifier", 1, 256)};
  }
};

Task<Reply> by_password(Call call) {
  PasswordInput input = call.json<PasswordInput>();
  std::string user_id =
      co_await user_of_password(call, std::move(input.email), std::move(input.password));
  std::string body = co_await open_session(call, std::move(user_id), "password");
  co_return ok(std::move(body));
}

Task<Reply> by_refresh_token(Call call) {
  RefreshInput input = call.json<RefreshInput>();
  const SessionParts parts = co_await refreshed_session(call, std::move(input.refresh_token));
  co_return ok(session_json(call.context(), parts));
}

Task<Reply> by_code(Call call) {
  CodeInput input = call.json<CodeInput>();
  RedeemedFlow redeemed =
      co_await redeem_code(call, std::move(input.auth_code), std::move(input.code_verifier));
  const SessionParts parts =
      co_await start_session(call, std::move(redeemed.user_id), std::move(redeemed.method));
  IssuedSession session = issue(call.context(), parts);
  add_provider_tokens(call.context(), redeemed, session);
  co_return ok(session_json(session));
}

Task<Reply> handle(Call call) {
  const std::string grant = call.query("grant_type").value_or("");
  Reply reply;
  if (grant == "password") {
    reply = co_await by_password(call);
  } else if (grant == "refresh_token") {
    reply = co_await by_refresh_token(call);
  } else if (grant == "pkce") {
    reply = co_await by_code(call);
  } else if (grant == "id_token") {
    std::string body = co_await sign_in_with_id_token(call);
    reply = ok(std::move(body));
  } else {
    raise(Errc::invalid_credentials, PublicText("unsupported_grant_type"));
  }
  co_return reply;
}

Endpoint endpoint() {
  return {.path = "/auth/v1/token",
          .auth = Auth::anyone,
          .body_bytes_max = 96_KiB,
          .rate = per_address(60, 60),
          .deadline_ms = 20'000,
          .summary = "Sign in with a password, a code or a provider's token, or renew a session",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::token
