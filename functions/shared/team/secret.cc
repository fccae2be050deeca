#include "functions/shared/team/secret.h"

#include "runtime/base/uuid.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

constexpr size_t kSecretBytes = 24;
constexpr size_t kUserAgentBytesMax = 500;

// A header may hold any byte; the log holds text.
std::string readable(std::string_view header) {
  std::string text;
  for (const char c : header.substr(0, kUserAgentBytesMax)) {
    text += c >= ' ' && c <= '~' ? c : '?';
  }
  return text;
}

}  // namespace

std::string Secret::hash() const { return secret_hash(text); }

Secret new_secret(std::string_view kind) {
  std::string bytes(kSecretBytes, '\0');
  random_bytes(bytes.data(), bytes.size());
  return Secret{std::string(kind) + wire::base64url_encode(bytes)};
}

std::string secret_hash(std::string_view text) { return "\\x" + wire::sha256_hex(text); }

std::string origin_json(const edge::Call& call) {
  wire::JsonWriter out;
  out.object()
      .field("ip", call.client_address())
      .field("userAgent", readable(call.header("user-agent")))
      .end();
  return std::move(out).str();
}

}  // namespace chatpad::functions
