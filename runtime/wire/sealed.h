// Sealed: secrets of accounts as the database keeps them (provider keys, channel tokens), and the
// keys that seal them.
//
//   const Keyring keys = Keyring::parse("<new>,<old>").or_raise();   // the first seals, all open
//   std::string text = keys.seal({account, "account_secrets.openai"}, "sk-...");
//   std::optional<std::string> secret = keys.open({account, "account_secrets.openai"}, text);
//
// The text is "v1.<key id>.<base64url of nonce, ciphertext and tag>", AES-256-GCM. Owner, place and
// key id are associated data: a text that was copied to another account, to another column or
// under another key's id does not open. The key id says which key it was and nothing about the key.
//
// Pure; thread-safe. Whoever needs a secret of an account uses functions/shared/secret, which knows
// where the keys come from and when they change.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"

namespace chatpad::wire {

constexpr size_t kSealingKeyCharsMin = 32;
constexpr size_t kSealingKeysMax = 8;
constexpr size_t kSealedPlainBytesMax = 64 * 1024;

// What a text is sealed for: whose it is, and where it stands ("table.column" or "table.name").
struct SealedFor {
  std::string_view owner;
  std::string_view place;
};

class Keyring {
 public:
  // Keys of kSealingKeyCharsMin characters or more, comma separated. Errc::validation_failed says
  // what is wrong and nothing of the text.
  static Result<Keyring> parse(std::string_view text);

  // The id of the key that seals.
  const std::string& key_id() const { return keys_.front().id; }
  bool knows(std::string_view key_id) const { return find(key_id) != nullptr; }

  // At most kSealedPlainBytesMax.
  std::string seal(const SealedFor& target, std::string_view plaintext) const;
  // nullopt when no key of the ring opens it for this owner and place.
  std::optional<std::string> open(const SealedFor& target, std::string_view sealed) const;

 private:
  struct Key {
    std::string id;     // 16 hexadecimal digits
    std::string bytes;  // 32
  };
  const Key* find(std::string_view key_id) const;
  std::vector<Key> keys_;
};

// The key id of a sealed text; nullopt when it has not the form of one.
std::optional<std::string_view> sealed_key_id(std::string_view sealed);

}  // namespace chatpad::wire
