// POST /auth/v1/factors: a second factor (TOTP) to be verified. The secret is shown this once, as a
// text, as a link and as a QR code.
#include "functions/shared/account/factor.h"
#include "functions/shared/account/qr_code.h"
#include "functions/shared/secret/secrets.h"
#include "runtime/base/uuid.h"
#include "runtime/edge/endpoint.h"
#include "runtime/wire/json.h"
#include "runtime/wire/totp.h"
#include "runtime/wire/url.h"

namespace chatpad::functions::auth::factor_enroll {
using namespace chatpad::edge;

constexpr pg::Statement kEnroll{
    "mfa_enroll",
    "select api.mfa_enroll($1, $2, $3, $4, $5), coalesce(api.auth_user($1, $2)->>'email', '')"};

struct Input {
  std::string name;
  std::string issuer;
  static Input read(const wire::Fields& f) {
    const std::string type = f.choice("factor_type", {"totp", "phone", "webauthn"});
    if (type == "phone") raise(Errc::mfa_phone_enroll_not_enabled);
    if (type == "webauthn") raise(Errc::mfa_webauthn_enroll_not_enabled);
    return {f.optional_string("friendly_name", kFactorNameCharsMax).value_or(""),
            f.optional_string("issuer", kFactorIssuerCharsMax).value_or("")};
  }
};

// Where people sign in, when the client names nobody.
std::string issuer_of(const Call& call, const std::string& asked) {
  if (!asked.empty()) return asked;
  const auto origin = wire::parse_origin(call.context().config().public_url);
  return origin ? origin->host : "ChatPad";
}

std::string enrolled(const Uuid& id, const Input& input, std::string_view secret,
                     const std::string& uri) {
  wire::JsonWriter out;
  out.object().field("id", id).field("type", "totp").field("friendly_name", input.name);
  out.object("totp")
      .field("qr_code", qr_svg(uri))
      .field("secret", wire::base32_encode(secret))
      .field("uri", uri)
      .end();
  out.end();
  return std::move(out).str();
}

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  const Uuid session = session_of(call);
  const Uuid id = Uuid::random();
  std::string secret(wire::kTotpSecretBytes, '\0');
  random_bytes(secret.data(), secret.size());
  Secrets& secrets = call.context().local<Secrets>();
  const std::string place = factor_place(id);
  const std::string& person = call.caller().subject;
  for (int tries = 0; tries < 2; ++tries) {
    pg::Params params(person, session, id, input.name, secrets.seal({person, place}, secret));
    pg::Rows rows = co_await call.service().rows(kEnroll, std::move(params));
    if (rows.size() == 1 && !rows.is_null(0, 0)) {
      const std::string issuer = issuer_of(call, input.issuer);
      co_return ok(enrolled(id, input, secret, wire::totp_uri(secret, issuer, rows.text(0, 1))));
    }
    secrets.read_keys();  // a rotation of the sealing key has begun
  }
  raise(Errc::internal, PublicText(), LogText("the key that seals is not the first of this home"));
}

Endpoint endpoint() {
  return {.path = "/auth/v1/factors",
          .auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(30, 300),
          .summary = "Begin to add a second factor",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::factor_enroll
