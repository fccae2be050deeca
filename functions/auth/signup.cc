// POST /auth/v1/signup: a new person with an account of their own, signed in at once (addresses are
// confirmed automatically while no mail server is configured).
#include "functions/shared/account/password.h"
#include "functions/shared/account/sign_in.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::signup {
using namespace chatpad::edge;

constexpr pg::Statement kCreate{"auth_create_user",
                                "select u->>'id' from api.auth_create_user($1, $2, $3) u"};

struct Input {
  std::string email;
  std::string password;
  std::string data;
  static Input read(const wire::Fields& f) {
    Input in;
    in.email = f.email("email");
    in.password = f.string("password", 1, kPasswordBytesMax);
    in.data = f.optional_object_text("data", 16_KiB).value_or("{}");
    return in;
  }
};

Task<Reply> handle(Call call) {
  Input input = call.json<Input>();
  if (input.password.size() < kPasswordCharsMin) raise(Errc::weak_password);
  std::string hash = co_await hash_off_loop(call, std::move(input.password));
  pg::Params params(input.email, hash, input.data);
  pg::Rows rows = co_await call.service().rows(kCreate, std::move(params));
  if (rows.size() != 1) raise(Errc::internal);
  std::string user_id = rows.str(0, 0);
  std::string body = co_await open_session(call, std::move(user_id));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.path = "/auth/v1/signup",
          .auth = Auth::anyone,
          .body_bytes_max = 32_KiB,
          .rate = per_address(30, 300),
          .deadline_ms = 15'000,
          .summary = "Create a person with an account of their own",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::signup
