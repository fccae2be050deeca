#include "functions/shared/account/flow.h"

#include <algorithm>

#include "functions/shared/account/one_time.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

constexpr size_t kChallengeCharsMin = 43;  // RFC 7636, 4.1
constexpr size_t kChallengeCharsMax = 128;

constexpr pg::Statement kCode{"auth_flow_code", "select api.auth_flow_code($1, $2, $3)"};
constexpr pg::Statement kRedeem{"auth_flow_redeem",
                                "select r->>'outcome', r->>'userId', r->>'method', r->>'tokens' "
                                "from api.auth_flow_redeem($1, $2, $3) r"};

bool is_unreserved(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
  });
}

}  // namespace

std::optional<Challenge> make_challenge(std::string text, std::string method) {
  if (text.empty() && method.empty()) return std::nullopt;
  std::transform(method.begin(), method.end(), method.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (method != "s256" && method != "plain") {
    wire::refuse_field("code_challenge_method", "must be s256 or plain");
  }
  if (text.size() < kChallengeCharsMin || text.size() > kChallengeCharsMax ||
      !is_unreserved(text)) {
    wire::refuse_field("code_challenge", "must have 43 to 128 unreserved characters");
  }
  return Challenge{std::move(text), std::move(method)};
}

std::optional<Challenge> read_challenge(const wire::Fields& fields) {
  return make_challenge(fields.optional_string("code_challenge", kChallengeCharsMax).value_or(""),
                        fields.optional_string("code_challenge_method", 16).value_or(""));
}

std::string flow_json(const std::optional<Challenge>& challenge) {
  if (!challenge) return "{}";
  wire::JsonWriter out;
  out.object().field("challenge", challenge->text).field("method", challenge->method).end();
  return std::move(out).str();
}

Task<std::string> issue_code(edge::Call call, std::string flow_id, std::string user_id) {
  std::string code = random_token();
  pg::Params params(flow_id, user_id, link_hash_hex(code));
  co_await call.service().rows(kCode, std::move(params));
  co_return code;
}

Task<RedeemedFlow> redeem_code(edge::Call call, std::string code, std::string verifier) {
  RedeemedFlow redeemed;
  const wire::Digest digest = wire::sha256(verifier);
  pg::Params params(link_hash_hex(code), wire::base64url_encode(wire::bytes_of(digest)), verifier);
  pg::Rows rows = co_await call.service().rows(kRedeem, std::move(params));
  if (rows.size() != 1) raise(Errc::internal);
  const std::string_view outcome = rows.text(0, 0);
  if (outcome != "redeemed") raise(errc_from_code(outcome).value_or(Errc::internal));
  redeemed.user_id = rows.str(0, 1);
  redeemed.method = rows.str(0, 2);
  redeemed.provider_tokens = rows.str(0, 3);
  co_return redeemed;
}

}  // namespace chatpad::functions
