// POST /auth/v1/verify: a session for the code or the link's token of a mail.
#include "functions/shared/account/sign_in.h"
#include "functions/shared/account/verification.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::verify {
using namespace chatpad::edge;

struct Input {
  std::string type;
  std::string email;
  std::string token;
  std::string token_hash;
  static Input read(const wire::Fields& f) {
    Input in;
    in.type = f.choice("type", {"signup", "invite", "magiclink", "recovery", "email_change",
                                "email", "sms", "phone_change"});
    if (in.type == "sms" || in.type == "phone_change" || f.has("phone")) {
      raise(Errc::phone_provider_disabled);
    }
    if (f.has("token_hash")) {
      in.token_hash = f.string("token_hash", 1, 256);
      if (f.has("token")) wire::refuse_field("token", "must not stand beside token_hash");
    } else {
      in.token = f.string("token", 1, 256);
      in.email = f.email("email");
    }
    return in;
  }
};

Task<Reply> handle(Call call) {
  Input input = call.json<Input>();
  Verification verified;
  if (input.token_hash.empty()) {
    verified = co_await verify_code(call, input.type, input.email, input.token);
  } else {
    verified = co_await verify_link(call, input.type, input.token_hash);
  }
  if (verified.outcome == Verification::Outcome::expired) raise(Errc::otp_expired);
  if (verified.outcome == Verification::Outcome::banned) raise(Errc::user_banned);
  if (verified.outcome == Verification::Outcome::half) {
    wire::JsonWriter half;
    half.object().field("msg", kHalfConfirmed).field("code", "200").end();
    co_return ok(std::move(half).str());
  }
  std::string body = co_await open_session(call, std::move(verified.user_id), "otp");
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.path = "/auth/v1/verify",
          .auth = Auth::anyone,
          .body_bytes_max = 16_KiB,
          .rate = per_address(30, 300),
          .summary = "Sign in with the code or the token of a mail",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::verify
