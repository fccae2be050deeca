// POST /auth/v1/invite: a mail with a link that makes somebody a user, whatever the sign-up policy.
#include "functions/shared/account/mail_request.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::invite {
using namespace chatpad::edge;

constexpr pg::Statement kInvite{"auth_invite", "select api.auth_invite($1)"};

struct Input {
  std::string email;
  std::string data;
  static Input read(const wire::Fields& f) {
    return {required_email(f), f.optional_object_text("data", 16_KiB).value_or("{}")};
  }
};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  wire::JsonWriter p = mail_request(call, input.email, std::nullopt);
  p.raw_field("data", input.data).end();
  std::string body = co_await call.service().json(kInvite, pg::Params(std::move(p).str()));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.path = "/auth/v1/invite",
          .auth = Auth::service,
          .body_bytes_max = 32_KiB,
          .summary = "Invite somebody by mail",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::invite
