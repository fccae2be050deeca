#include "functions/shared/secret/secrets.h"

#include "runtime/base/secret_key.h"

namespace chatpad::functions {
namespace {

constexpr size_t kShownChars = 4;
// Below this, four characters would be a good part of the secret.
constexpr size_t kShownFromChars = 12;

constexpr pg::Statement kSet{"set_account_secret", "select api.set_account_secret($1, $2, $3, $4)"};
constexpr pg::Statement kRead{"sealed_account_secret", "select api.sealed_account_secret($1, $2)"};

std::string place_of(std::string_view name) { return "account_secrets." + std::string(name); }

wire::Keyring keys_of(const edge::Context& context) {
  return wire::Keyring::parse(secret_key_text(context.config()).or_raise()).or_raise();
}

}  // namespace

Secrets::Secrets(edge::Context& context)
    : context_(context), keys_(wire::Keyring::parse(context.config().secret_key).or_raise()) {}

void Secrets::read_keys() { keys_ = keys_of(context_); }

Result<std::string> Secrets::open(const wire::SealedFor& target, std::string_view sealed) {
  const auto key_id = wire::sealed_key_id(sealed);
  if (key_id && !keys_.knows(*key_id)) read_keys();
  auto text = keys_.open(target, sealed);
  if (!text) {
    const std::string key = key_id ? std::string(*key_id) : "no";
    return Error(Errc::internal, PublicText(),
                 LogText("a sealed secret does not open; it names the key " + key));
  }
  return *std::move(text);
}

std::string last4_of(std::string_view secret) {
  // Whole ASCII characters only: half of a longer one would not be text.
  if (secret.size() < kShownFromChars) return "";
  const std::string_view last = secret.substr(secret.size() - kShownChars);
  for (const char c : last) {
    if (c < 0x21 || c > 0x7e) return "";
  }
  return std::string(last);
}

Task<std::string> store_secret(edge::Context* context, edge::Db db, Uuid account, std::string name,
                               std::string secret) {
  Secrets& secrets = context->local<Secrets>();
  const std::string owner = account.str();
  const std::string place = place_of(name);
  pg::Params params(account, name, secrets.seal({owner, place}, secret), last4_of(secret));
  pg::Rows rows = co_await db.rows(kSet, std::move(params));
  if (rows.size() == 1 && !rows.is_null(0, 0)) co_return rows.str(0, 0);
  // A rotation has begun: once more with the key that seals now.
  secrets.read_keys();
  pg::Params again(account, name, secrets.seal({owner, place}, secret), last4_of(secret));
  pg::Rows stored = co_await db.rows(kSet, std::move(again));
  if (stored.size() != 1 || stored.is_null(0, 0)) {
    raise(Errc::internal, PublicText(),
          LogText("the key that seals on this database is not the first of CHATPAD_SECRET_KEY"));
  }
  co_return stored.str(0, 0);
}

Task<std::optional<std::string>> read_secret(edge::Context* context, Uuid account,
                                             std::string name) {
  const std::string owner = account.str();
  const std::string place = place_of(name);
  pg::Params params(account, name);
  pg::Rows rows =
      co_await context->service_pool().once(pg::service_claims(), kRead, std::move(params));
  std::optional<std::string> secret;
  if (rows.size() == 1 && !rows.is_null(0, 0)) {
    secret = context->local<Secrets>().open({owner, place}, rows.text(0, 0)).or_raise();
  }
  co_return secret;
}

}  // namespace chatpad::functions
