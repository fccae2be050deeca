// POST /auth/v1/recover: a mail for who has forgotten the password. The same answer for an address
// that nobody has.
#include "functions/shared/account/mail_request.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::recover {
using namespace chatpad::edge;

constexpr pg::Statement kRecover{"auth_recover", "select api.auth_recover($1)"};

struct Input {
  std::string email;
  std::optional<Challenge> challenge;
  static Input read(const wire::Fields& f) { return {required_email(f), read_challenge(f)}; }
};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  wire::JsonWriter p = mail_request(call, input.email, input.challenge);
  p.end();
  co_await call.service().rows(kRecover, pg::Params(std::move(p).str()));
  co_return ok("{}");
}

Endpoint endpoint() {
  return {.path = "/auth/v1/recover",
          .auth = Auth::anyone,
          .body_bytes_max = 16_KiB,
          .rate = per_address(30, 300),
          .summary = "Mail a link to sign in and set a new password",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::recover
