#include "functions/shared/account/verification.h"

#include "functions/shared/account/one_time.h"
#include "runtime/edge/context.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

constexpr pg::Statement kVerify{
    "auth_verify",
    "select r->>'outcome', r->>'userId', r->>'redirectTo', r->>'flowId' "
    "from api.auth_verify($1) r"};

Task<Verification> verify(edge::Call call, std::string what) {
  Verification verified;
  pg::Rows rows = co_await call.service().rows(kVerify, pg::Params(what));
  if (rows.size() != 1) raise(Errc::internal);
  if (rows.text(0, 0) == "banned") verified.outcome = Verification::Outcome::banned;
  if (rows.text(0, 0) == "half") verified.outcome = Verification::Outcome::half;
  if (rows.text(0, 0) == "verified") verified.outcome = Verification::Outcome::verified;
  verified.user_id = rows.str(0, 1);
  verified.redirect_to = rows.str(0, 2);
  verified.flow_id = rows.str(0, 3);
  co_return verified;
}

}  // namespace

Task<Verification> verify_link(edge::Call call, std::string type, std::string token) {
  wire::JsonWriter p;
  p.object().field("type", type).field("tokenHash", link_hash_hex(token)).end();
  return verify(call, std::move(p).str());
}

Task<Verification> verify_code(edge::Call call, std::string type, std::string email,
                               std::string code) {
  wire::JsonWriter p;
  p.object()
      .field("type", type)
      .field("email", email)
      .field("otpHash", otp_hash_hex(call.context().config(), code))
      .end();
  return verify(call, std::move(p).str());
}

}  // namespace chatpad::functions
