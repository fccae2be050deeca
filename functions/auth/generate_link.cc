// POST /auth/v1/admin/generate_link: the link and the code of a mail that somebody else sends.
#include "functions/shared/account/mail_request.h"
#include "functions/shared/account/password.h"
#include "functions/shared/account/password_rules.h"
#include "functions/shared/account/rules.h"
#include "functions/shared/account/sign_in.h"
#include "functions/shared/mail/compose.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::generate_link {
using namespace chatpad::edge;

constexpr pg::Statement kGenerate{
    "auth_generate_link", "select r, r->>'verification_type' from api.auth_generate_link($1) r"};

struct Input {
  std::string type, email, data;
  std::optional<std::string> password, new_email;
  static Input read(const wire::Fields& f) {
    Input in;
    in.type = f.choice("type", {"signup", "invite", "magiclink", "recovery", "email_change_current",
                                "email_change_new"});
    in.email = f.email("email");
    in.data = f.optional_object_text("data", 16_KiB).value_or("{}");
    in.password = f.optional_string("password", kPasswordBytesMax);
    in.new_email = f.optional_email("new_email");
    if (in.type == "signup" && !in.password) wire::refuse_field("password", "must be given");
    if (in.type.starts_with("email_change") && !in.new_email) {
      wire::refuse_field("new_email", "must be given");
    }
    return in;
  }
};

// The members of the link behind those of the user, in one object.
std::string joined(std::string user, const wire::JsonWriter& link) {
  user.back() = ',';
  return user + link.view().substr(1);
}

Task<Reply> handle(Call call) {
  const Config& config = call.context().config();
  const Input input = call.json<Input>();
  const OneTime once = new_one_time();
  const std::string redirect_to = allowed_redirect(config, call.query("redirect_to"));
  wire::JsonWriter p = mail_request(call, input.email, std::nullopt, once);
  p.field("type", input.type).field("newEmail", input.new_email).raw_field("data", input.data);
  if (input.type == "signup") {
    require_strong_password(config.auth, *input.password);
    std::string hash = co_await hash_off_loop(call, *input.password);
    p.field("passwordHash", hash);
  }
  p.end();
  pg::Rows rows = co_await call.service().rows(kGenerate, pg::Params(std::move(p).str()));
  if (rows.size() != 1) raise(Errc::internal);
  wire::JsonWriter link;
  link.object()
      .field("action_link", link_of_mail(config, rows.text(0, 1), once.token, redirect_to))
      .field("email_otp", once.otp)
      .field("hashed_token", once.token)
      .field("redirect_to", redirect_to)
      .end();
  co_return ok(joined(rows.str(0, 0), link));
}

Endpoint endpoint() {
  return {.path = "/auth/v1/admin/generate_link",
          .auth = Auth::service,
          .body_bytes_max = 32_KiB,
          .deadline_ms = 15'000,
          .summary = "The link of a mail, to be sent by somebody else",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::generate_link
