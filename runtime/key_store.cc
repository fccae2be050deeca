#include "runtime/key_store.h"

#include <algorithm>

#include "runtime/base/log.h"
#include "runtime/base/secret_key.h"
#include "runtime/pg/blocking.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"

namespace chatpad {
namespace {

constexpr std::string_view kEvent = "keys.updated";
constexpr std::string_view kTopic = "account:00000000-0000-0000-0000-000000000000";
constexpr const char* kRead = "select kind, id, algorithm, bytes, sealed from api.key_ring()";
// The last row says whether these transactions are visible: the log tells of a commit a moment
// before other sessions see it.
constexpr pg::Statement kKeyRing{
    "key_ring",
    "select kind, id, algorithm, bytes, sealed from api.key_ring() union all "
    "select 'seen', coalesce(bool_and(pg_visible_in_snapshot(x, pg_current_snapshot())), "
    "true)::text, "
    "null, null, null from unnest($1::xid8[]) x"};

wire::JwtRules rules_of(const Config& config) {
  wire::JwtRules rules;
  rules.issuers = {config.public_url + "/auth/v1", "supabase", "chatpad"};
  return rules;
}

std::string place_of(std::string_view id) { return "signing_keys." + std::string(id); }

// How private halves were sealed before CHATPAD_SECRET_KEY was for them as well.
std::optional<std::string> open_older(std::string_view jwt_secret, std::string_view id,
                                      std::string_view sealed) {
  const std::string key =
      wire::hkdf_sha256(jwt_secret, "chatpad", "signing-key-seal", wire::kAesKeyBytes);
  return wire::aes_gcm_open(key, sealed, "auth.signing_keys " + std::string(id));
}

Result<wire::Keyring> keyring_of(const Config& config) {
  const auto text = secret_key_text(config);
  if (!text) return text.error();
  return wire::Keyring::parse(*text);
}

void warn(std::string_view id, const char* cause) {
  log::Line(LogLevel::warn, "signing_key_not_used").field("key", id).field("cause", cause);
}

// A bytea of PostgreSQL; empty when it is null.
std::string bytes_at(const pg::Rows& rows, int row, int column) {
  const std::string_view text = rows.is_null(row, column) ? "" : rows.text(row, column);
  if (!text.starts_with("\\x")) return {};
  return wire::hex_decode(text.substr(2)).value_or("");
}

// One key pair of the rows; nullopt when it cannot be used.
std::optional<wire::JwtKeyPair> pair_at(const Config& config, const pg::Rows& rows, int row) {
  const std::string id = rows.str(row, 1);
  const auto algorithm = wire::jwt_algorithm(rows.text(row, 2));
  auto key = wire::PublicKey::from_der(algorithm.value_or(wire::JwtAlgorithm::hs256),
                                       bytes_at(rows, row, 3));
  if (!key) {
    warn(id, "its public half is no key");
    return std::nullopt;
  }
  wire::JwtKeyPair pair{id, std::move(key).value(), std::nullopt};
  if (rows.is_null(row, 4)) return pair;
  const auto der = open_private_key(config, id, bytes_at(rows, row, 4));
  auto signer = der ? wire::PrivateKey::from_der(*algorithm, *der)
                    : Result<wire::PrivateKey>(Error(Errc::internal));
  if (signer && signer->public_key().to_der() == pair.key.to_der()) {
    pair.signer = std::move(signer).value();
  } else {
    warn(id, "its private half does not open: it was sealed with another key");
  }
  return pair;
}

std::string jwks_of(const std::vector<wire::JwtKeyPair>& pairs) {
  wire::JsonWriter out;
  out.object().array("keys");
  for (const wire::JwtKeyPair& pair : pairs) out.raw(pair.key.jwk(pair.id));
  out.end().end();
  return std::move(out).str();
}

edge::KeyRingRef ring_of(const Config& config, const pg::Rows& rows) {
  wire::JwtKeys keys;
  keys.secrets.push_back(wire::JwtKey{"", config.jwt_secret});
  for (int row = 0; row < rows.size(); ++row) {
    if (rows.text(row, 0) != "pair" || keys.pairs.size() >= wire::kJwtKeyPairsMax) continue;
    std::optional<wire::JwtKeyPair> pair = pair_at(config, rows, row);
    if (!pair) continue;
    if (pair->signer) keys.signing_id = pair->id;
    keys.pairs.push_back(*std::move(pair));
  }
  std::string jwks = jwks_of(keys.pairs);
  auto verifier = wire::JwtVerifier::create(std::move(keys), rules_of(config)).or_raise();
  auto ring = std::make_shared<edge::KeyRing>(std::move(verifier), std::move(jwks));
  for (int row = 0; row < rows.size(); ++row) {
    const bool secret = rows.text(row, 0) == "secret";
    if (!secret && rows.text(row, 0) != "publishable") continue;
    ring->add_project_key(wire::hex_encode(bytes_at(rows, row, 3)),
                          secret ? pg::Role::service_role : pg::Role::anon);
  }
  return ring;
}

// Equal exactly when the keys are.
std::string text_of(const pg::Rows& rows) {
  std::string text;
  for (int row = 0; row < rows.size(); ++row) {
    if (rows.text(row, 0) == "seen") continue;
    for (int column = 0; column < 5; ++column) {
      text += rows.is_null(row, column) ? std::string("-") : rows.str(row, column);
      text += column == 4 ? '\n' : ' ';
    }
  }
  return wire::sha256_hex(text);
}

}  // namespace

std::string seal_private_key(const wire::Keyring& keys, std::string_view id, std::string_view der) {
  return keys.seal({kProjectOwner, place_of(id)}, der);
}

std::string seal_private_key(const Config& config, std::string_view id, std::string_view der) {
  return seal_private_key(keyring_of(config).or_raise(), id, der);
}

std::optional<std::string> open_private_key(const wire::Keyring& keys, std::string_view jwt_secret,
                                            std::string_view id, std::string_view sealed) {
  if (!wire::sealed_key_id(sealed)) return open_older(jwt_secret, id, sealed);
  return keys.open({kProjectOwner, place_of(id)}, sealed);
}

std::optional<std::string> open_private_key(const Config& config, std::string_view id,
                                            std::string_view sealed) {
  const auto keys = keyring_of(config);
  if (!keys) return std::nullopt;
  return open_private_key(*keys, config.jwt_secret, id, sealed);
}

edge::KeyRingRef secret_key_ring(const Config& config) {
  return std::make_shared<edge::KeyRing>(
      wire::JwtVerifier::create(config.jwt_secret, rules_of(config)).or_raise());
}

edge::KeyRingRef read_key_ring(const Config& config, const std::string& service_login) {
  auto session = pg::Blocking::open(service_login);
  if (session) {
    const auto rows = session->run(std::string("set role service_role; ") + kRead);
    if (rows) return ring_of(config, *rows);
  }
  log::Line(LogLevel::warn, "signing_keys_not_read").field("cause", "the database does not answer");
  return secret_key_ring(config);
}

void KeyStore::refresh() {
  again_ = true;
  if (!reading_) scope_.spawn(read());
}

void KeyStore::on_unknown_key() {
  const uint64_t now = loop_.now_ms();
  if (missed_ms_ != 0 && now - missed_ms_ < kKeyMissMs) return;
  missed_ms_ = now;
  refresh();
}

void KeyStore::on_event(const edge::DurableEvent& event) {
  if (event.event != kEvent || event.topic != kTopic) return;
  if (!event.xid.empty() && unseen_.size() < kKeyUnseenMax) unseen_.push_back(event.xid);
  refresh();
}

// A change during a read is read again.
Task<void> KeyStore::read() {
  reading_ = true;
  Outcome last = Outcome::read;
  while (again_) {
    again_ = false;
    const Outcome outcome = co_await read_once();
    last = outcome;
  }
  reading_ = false;
  if (last == Outcome::read) co_return;
  retry_.start(loop_, last == Outcome::unseen ? kKeyUnseenMs : kKeyRetryMs, [this] { refresh(); });
}

Task<KeyStore::Outcome> KeyStore::read_once() {
  const std::vector<std::string> asked = unseen_;
  std::string list = "{";
  for (const std::string& xid : asked) list += (list.size() > 1 ? "," : "") + xid;
  list += "}";
  try {
    pg::Params params(list);
    pg::Rows rows = co_await pool_.once(pg::service_claims(), kKeyRing, std::move(params));
    const bool seen = rows.size() > 0 && rows.text(rows.size() - 1, 1) == "true";
    const std::string text = text_of(rows);
    if (text != known_) {
      if (!give_(ring_of(config_, rows))) co_return Outcome::failed;
      known_ = text;
      log::Line(LogLevel::info, "signing_keys_read").field("keys", rows.size() - 1);
    }
    if (!seen) co_return Outcome::unseen;
    std::erase_if(unseen_, [&asked](const std::string& xid) {
      return std::find(asked.begin(), asked.end(), xid) != asked.end();
    });
  } catch (const Raised& raised) {
    log::Line(LogLevel::warn, "signing_keys_not_read")
        .field("code", error_info(raised.error().errc).code)
        .field("cause", raised.error().cause.value);
    co_return Outcome::failed;
  }
  co_return Outcome::read;
}

}  // namespace chatpad
