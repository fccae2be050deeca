#include "runtime/wire/sealed.h"

#include <algorithm>

#include "runtime/base/check.h"
#include "runtime/wire/crypto.h"

namespace chatpad::wire {
namespace {

constexpr std::string_view kVersion = "v1.";
constexpr size_t kKeyIdChars = 16;
constexpr size_t kOverheadBytes = kGcmNonceBytes + kGcmTagBytes;
// base64url without padding of the largest text.
constexpr size_t kBoxChars = ((kSealedPlainBytesMax + kOverheadBytes) * 4 + 2) / 3;

struct Envelope {
  std::string_view key_id;
  std::string_view box;
};

std::optional<Envelope> parse_envelope(std::string_view sealed) {
  if (!sealed.starts_with(kVersion)) return std::nullopt;
  sealed.remove_prefix(kVersion.size());
  if (sealed.size() <= kKeyIdChars || sealed[kKeyIdChars] != '.') return std::nullopt;
  const std::string_view key_id = sealed.substr(0, kKeyIdChars);
  const bool lower_hex = std::all_of(key_id.begin(), key_id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  const std::string_view box = sealed.substr(kKeyIdChars + 1);
  if (!lower_hex || box.empty() || box.size() > kBoxChars) return std::nullopt;
  return Envelope{key_id, box};
}

std::string associated_data(std::string_view key_id, const SealedFor& target) {
  std::string data = "chatpad sealed ";
  data.append(kVersion);
  // Each behind its length, so that the end of one cannot be taken for the beginning of the next.
  for (const std::string_view part : {key_id, target.owner, target.place}) {
    data.append(" ").append(std::to_string(part.size())).append(":").append(part);
  }
  return data;
}

Error unusable(const char* what) { return Error(Errc::validation_failed, PublicText(what)); }

}  // namespace

Result<Keyring> Keyring::parse(std::string_view text) {
  Keyring ring;
  size_t start = 0;
  while (start <= text.size()) {
    const size_t comma = std::min(text.find(',', start), text.size());
    const std::string_view secret = text.substr(start, comma - start);
    start = comma + 1;
    if (secret.size() < kSealingKeyCharsMin) {
      return unusable("A sealing key must have at least 32 characters.");
    }
    if (ring.keys_.size() == kSealingKeysMax) return unusable("There are too many sealing keys.");
    Key key;
    key.id = hmac_sha256_hex(secret, "chatpad sealing key id").substr(0, kKeyIdChars);
    key.bytes = hkdf_sha256(secret, "chatpad", "sealed", kAesKeyBytes);
    if (ring.knows(key.id)) return unusable("A sealing key stands there twice.");
    ring.keys_.push_back(std::move(key));
  }
  return ring;
}

const Keyring::Key* Keyring::find(std::string_view key_id) const {
  for (const Key& key : keys_) {
    if (key.id == key_id) return &key;
  }
  return nullptr;
}

std::string Keyring::seal(const SealedFor& target, std::string_view plaintext) const {
  CHECK(plaintext.size() <= kSealedPlainBytesMax, "whoever seals limits the text before");
  CHECK(target.owner.find('\0') == std::string_view::npos, "an owner is an id");
  const Key& key = keys_.front();
  const std::string box = aes_gcm_seal(key.bytes, plaintext, associated_data(key.id, target));
  return std::string(kVersion) + key.id + "." + base64url_encode(box);
}

std::optional<std::string> Keyring::open(const SealedFor& target, std::string_view sealed) const {
  const auto envelope = parse_envelope(sealed);
  if (!envelope) return std::nullopt;
  const Key* key = find(envelope->key_id);
  if (!key) return std::nullopt;
  const auto box = base64url_decode(envelope->box);
  if (!box || box->size() < kOverheadBytes) return std::nullopt;
  return aes_gcm_open(key->bytes, *box, associated_data(key->id, target));
}

std::optional<std::string_view> sealed_key_id(std::string_view sealed) {
  const auto envelope = parse_envelope(sealed);
  if (!envelope) return std::nullopt;
  return envelope->key_id;
}

}  // namespace chatpad::wire
