// POST /auth/v1/magiclink: what older clients call instead of /auth/v1/otp.
#include "functions/shared/account/mail_request.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::magiclink {
using namespace chatpad::edge;

constexpr pg::Statement kOtp{"auth_otp", "select api.auth_otp($1)"};

struct Input {
  std::string email;
  std::string data;
  std::optional<Challenge> challenge;
  static Input read(const wire::Fields& f) {
    return {required_email(f), f.optional_object_text("data", 16_KiB).value_or("{}"),
            read_challenge(f)};
  }
};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  wire::JsonWriter p = mail_request(call, input.email, input.challenge);
  p.field("create", true).raw_field("data", input.data).end();
  co_await call.service().rows(kOtp, pg::Params(std::move(p).str()));
  co_return ok("{}");
}

Endpoint endpoint() {
  return {.path = "/auth/v1/magiclink",
          .auth = Auth::anyone,
          .body_bytes_max = 32_KiB,
          .rate = per_address(30, 300),
          .summary = "Mail a link to sign in with (older clients)",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::magiclink
