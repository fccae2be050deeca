// POST /auth/v1/resend: the mail of a sign-up or of a changed address once more, with a new link.
#include "functions/shared/account/mail_request.h"
#include "functions/shared/account/rules.h"
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::resend {
using namespace chatpad::edge;

constexpr pg::Statement kResend{"auth_resend", "select api.auth_resend($1)"};

struct Input {
  std::string type;
  std::string email;
  std::optional<Challenge> challenge;
  static Input read(const wire::Fields& f) {
    Input in;
    in.type = f.choice("type", {"signup", "email_change", "sms", "phone_change"});
    in.email = required_email(f);
    in.challenge = read_challenge(f);
    if (in.type == "sms" || in.type == "phone_change") raise(Errc::phone_provider_disabled);
    return in;
  }
};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  wire::JsonWriter p = mail_request(call, input.email, input.challenge);
  // Of a changed address both are written to.
  const Config& config = call.context().config();
  const std::string redirect_to = allowed_redirect(config, call.query("redirect_to"));
  p.field("type", input.type)
      .raw_field("onceNew", once_json(config, new_one_time(), redirect_to))
      .end();
  co_await call.service().rows(kResend, pg::Params(std::move(p).str()));
  co_return ok("{}");
}

Endpoint endpoint() {
  return {.path = "/auth/v1/resend",
          .auth = Auth::anyone,
          .body_bytes_max = 16_KiB,
          .rate = per_address(30, 300),
          .summary = "Send the mail of a sign-up or a changed address again",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::resend
