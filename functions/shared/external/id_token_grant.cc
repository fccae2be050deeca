#include "functions/shared/external/id_token_grant.h"

#include "functions/shared/account/identity.h"
#include "functions/shared/account/sign_in.h"
#include "functions/shared/external/landing.h"
#include "functions/shared/external/oidc.h"
#include "runtime/wire/crypto.h"

namespace chatpad::functions {
namespace {

constexpr size_t kAccessTokenCharsMax = 32'768;

struct Input {
  std::string provider;
  IdTokenInput token;
  bool link = false;
  static Input read(const wire::Fields& f) {
    Input in;
    in.provider = f.string("provider", 1, 63);
    in.token.id_token = f.string("id_token", 1, wire::kIdTokenBytesMax);
    in.token.access_token = f.optional_string("access_token", kAccessTokenCharsMax).value_or("");
    const std::string nonce = f.optional_string("nonce", 512).value_or("");
    if (!nonce.empty()) in.token.nonce = wire::sha256_hex(nonce);
    in.link = f.boolean("link_identity", false);
    return in;
  }
};

}  // namespace

Task<std::string> sign_in_with_id_token(edge::Call call) {
  Input input = call.json<Input>();
  if (input.link) {
    if (call.caller().kind != edge::CallerKind::user) raise(Errc::no_authorization);
    co_await require_may_link(call);
  }
  SignInProvider provider = co_await find_oidc_provider(call, std::move(input.provider));
  Vouched who =
      co_await read_id_token(&call.context(), std::move(provider), std::move(input.token));
  std::string user_id;
  if (input.link) {
    user_id = call.caller().subject;
    co_await link_identity(call, user_id, who.person.identity);
  } else {
    user_id = co_await user_of_identity(call, who.person.identity);
  }
  std::string body = co_await open_session(call, std::move(user_id), "oauth");
  co_return body;
}

}  // namespace chatpad::functions
