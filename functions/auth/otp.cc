// POST /auth/v1/otp: a mail with a link and a code to sign in with, also for somebody new unless
// `create_user` is false.
#include "functions/shared/account/mail_request.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::otp {
using namespace chatpad::edge;

constexpr pg::Statement kOtp{"auth_otp", "select api.auth_otp($1)"};

struct Input {
  std::string email;
  std::string data;
  bool create = true;
  std::optional<Challenge> challenge;
  static Input read(const wire::Fields& f) {
    Input in;
    in.email = required_email(f);
    in.data = f.optional_object_text("data", 16_KiB).value_or("{}");
    in.create = f.boolean("create_user", true);
    in.challenge = read_challenge(f);
    return in;
  }
};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  wire::JsonWriter p = mail_request(call, input.email, input.challenge);
  p.field("create", input.create).raw_field("data", input.data).end();
  co_await call.service().rows(kOtp, pg::Params(std::move(p).str()));
  co_return ok("{}");
}

Endpoint endpoint() {
  return {.path = "/auth/v1/otp",
          .auth = Auth::anyone,
          .body_bytes_max = 32_KiB,
          .rate = per_address(30, 300),
          .summary = "Mail a link and a code to sign in with",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::otp
