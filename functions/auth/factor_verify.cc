// POST /auth/v1/factors/{id}/verify: the right code makes the session aal2. The try is counted
// before the code is looked at (api.mfa_try), and its step is used up with the success.
#include "functions/shared/account/factor.h"
#include "functions/shared/account/session.h"
#include "functions/shared/secret/secrets.h"
#include "runtime/base/clock.h"
#include "runtime/edge/endpoint.h"
#include "runtime/wire/totp.h"

namespace chatpad::functions::auth::factor_verify {
using namespace chatpad::edge;

constexpr pg::Statement kTry{"mfa_try", "select api.mfa_try($1, $2, $3, $4, $5)"};
constexpr pg::Statement kVerified{"mfa_verified",
                                  "select r->>'sessionId', r->'user', r->>'aal', r->'amr' "
                                  "from api.mfa_verified($1, $2, $3, $4, $5, $6, $7, $8) r"};

struct Input {
  Uuid challenge;
  std::string code;
  static Input read(const wire::Fields& f) {
    return {f.uuid("challenge_id"), f.string("code", 1, 64)};
  }
};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  const Uuid factor = factor_of_path(call);
  const Uuid session = session_of(call);
  const std::string& person = call.caller().subject;
  pg::Params tried(person, session, factor, input.challenge, call.client_address());
  pg::Rows sealed = co_await call.service().rows(kTry, std::move(tried));
  if (sealed.size() != 1) raise(Errc::internal);
  const std::string place = factor_place(factor);
  Secrets& secrets = call.context().local<Secrets>();
  const std::string secret = secrets.open({person, place}, sealed.text(0, 0)).or_raise();
  const std::optional<int64_t> step = wire::totp_step_of(secret, input.code, wall_s());
  if (!step) raise(Errc::mfa_verification_failed);
  const RefreshToken next = new_refresh_token();
  pg::Params params(person, session, factor, input.challenge, call.client_address(), *step,
                    next.hash_hex, seal_refresh_token(call.context(), next.token));
  pg::Rows rows = co_await call.service().rows(kVerified, std::move(params));
  if (rows.size() != 1 || rows.is_null(0, 0)) raise(Errc::mfa_verification_failed);
  SessionParts parts;
  parts.session_id = rows.str(0, 0);
  parts.user_json = rows.str(0, 1);
  parts.aal = rows.str(0, 2);
  parts.amr_json = rows.str(0, 3);
  parts.refresh_token = next.token;
  co_return ok(session_json(call.context(), parts));
}

Endpoint endpoint() {
  return {.path = "/auth/v1/factors/{id}/verify",
          .auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(15, 60),
          .summary = "Give the code of a second factor",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::factor_verify
