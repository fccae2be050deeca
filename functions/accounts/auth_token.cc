// POST /auth/token: the token endpoint of OAuth 2 (RFC 6749). client_credentials: an API key, as
// the client's secret, becomes a short-lived token (key_token.h). password and refresh_token: a
// person's session, as under /auth/v1/token.
#include "functions/shared/account/grants.h"
#include "functions/shared/account/oauth.h"
#include "functions/shared/account/sign_in.h"
#include "functions/shared/team/key_token.h"
#include "runtime/edge/endpoint.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::accounts::auth_token {
using namespace chatpad::edge;

constexpr pg::Statement kMember{"works_in_account", "select api.works_in_account($1, $2)"};

std::optional<Uuid> tenant_of(const TokenRequest& request) {
  const auto text = request.optional("tenant_id");
  if (!text) return std::nullopt;
  const auto id = Uuid::parse(*text);
  if (!id) wire::refuse_field("tenant_id", "must be a UUID");
  return id;
}

std::string tokens_of(Call call, const SessionParts& parts) {
  const IssuedSession session = issue(call.context(), parts);
  wire::JsonWriter out;
  out.object().field("access_token", session.access_token).field("token_type", "Bearer");
  out.field("expires_in", session.expires_in_s).field("refresh_token", session.refresh_token).end();
  return std::move(out).str();
}

Task<std::string> of_person(Call call, TokenRequest request) {
  const std::optional<Uuid> tenant = tenant_of(request);
  std::string email = request.required("username");
  std::string password = request.required("password");
  std::string user = co_await user_of_password(call, std::move(email), std::move(password));
  if (tenant) {
    pg::Rows rows = co_await call.service().rows(kMember, pg::Params(user, tenant));
    if (rows.size() != 1 || !rows.boolean(0, 0)) raise(Errc::invalid_credentials);
  }
  const SessionParts parts = co_await start_session(call, std::move(user), "password");
  co_return tokens_of(call, parts);
}

Task<Reply> handle(Call call) {
  TokenRequest request =
      TokenRequest::parse(call.request().body, call.header("authorization")).or_raise();
  const std::string grant = request.required("grant_type");
  std::string body;
  if (grant == "client_credentials") {
    KeyTokenRequest exchange{request.client_secret(), request.client_id(), tenant_of(request),
                             request.optional("scope")};
    body = co_await exchange_key(call, std::move(exchange));
  } else if (grant == "password") {
    body = co_await of_person(call, std::move(request));
  } else if (grant == "refresh_token") {
    std::string token = request.required("refresh_token");
    const SessionParts parts = co_await refreshed_session(call, std::move(token));
    body = tokens_of(call, parts);
  } else {
    raise(Errc::not_supported, PublicText("The grant type is not one of this server."));
  }
  co_return ok(std::move(body)).header("Pragma", "no-cache");
}

Endpoint endpoint() {
  return {.path = "/auth/token",
          .auth = Auth::anyone,
          .body_bytes_max = 16_KiB,
          .rate = per_address(60, 60),
          .deadline_ms = 15'000,
          .summary = "OAuth 2: a token for an API key, a password or a refresh token",
          .handle = handle};
}

}  // namespace chatpad::functions::accounts::auth_token
