#include "runtime/wire/crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <memory>

#include "runtime/base/check.h"
#include "runtime/base/uuid.h"

namespace chatpad::wire {
namespace {

constexpr char kUrlAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr size_t kHkdfBytesMax = 255 * 32;

using Table = std::array<int8_t, 256>;
constexpr Table make_table(const char* alphabet) {
  Table table{};
  for (auto& entry : table) entry = -1;
  for (int i = 0; i < 64; ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<int8_t>(i);
  return table;
}
constexpr Table kUrlTable = make_table(kUrlAlphabet);
constexpr Table kTable = make_table(kAlphabet);

std::string encode(std::string_view bytes, const char* alphabet) {
  std::string out((bytes.size() * 4 + 2) / 3, '\0');
  const auto byte = [&bytes](size_t i) { return uint32_t{static_cast<unsigned char>(bytes[i])}; };
  size_t in = 0;
  size_t at = 0;
  for (; in + 3 <= bytes.size(); in += 3) {
    const uint32_t bits = byte(in) << 16 | byte(in + 1) << 8 | byte(in + 2);
    for (int shift = 18; shift >= 0; shift -= 6) out[at++] = alphabet[(bits >> shift) & 63];
  }
  if (in == bytes.size()) return out;
  const bool two = in + 2 == bytes.size();
  const uint32_t bits = byte(in) << 16 | (two ? byte(in + 1) << 8 : 0);
  out[at++] = alphabet[bits >> 18];
  out[at++] = alphabet[(bits >> 12) & 63];
  if (two) out[at++] = alphabet[(bits >> 6) & 63];
  return out;
}

// Unpadded text. Refuses left-over bits, so that no two texts mean the same bytes.
std::optional<std::string> decode(std::string_view text, const Table& table) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = table[static_cast<unsigned char>(c)];
    if (value < 0) return std::nullopt;
    bits = (bits << 6) | static_cast<uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>((bits >> count) & 255);
    }
  }
  if ((bits & ((1U << count) - 1)) != 0) return std::nullopt;
  return out;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

const unsigned char* data_of(std::string_view bytes) {
  // OpenSSL reads a null pointer as "not given".
  static const unsigned char kNothing = 0;
  return bytes.empty() ? &kNothing : reinterpret_cast<const unsigned char*>(bytes.data());
}

struct Free {
  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
  void operator()(EVP_MAC_CTX* p) const { EVP_MAC_CTX_free(p); }
  void operator()(EVP_CIPHER_CTX* p) const { EVP_CIPHER_CTX_free(p); }
};

// Fetching an algorithm takes a lock and a search in OpenSSL 3; once per program is enough.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  CHECK(md, "OpenSSL provides SHA-256");
  return md;
}

const EVP_CIPHER* gcm_algorithm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  CHECK(cipher, "OpenSSL provides AES-256-GCM");
  return cipher;
}

// A context keeps its digest over any number of keys; naming it again costs a search each time.
EVP_MAC_CTX* hmac_context() {
  static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  EVP_MAC_CTX* const context = EVP_MAC_CTX_new(mac);
  char name[] = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
      OSSL_PARAM_construct_end(),
  };
  CHECK(EVP_MAC_CTX_set_params(context, params) == 1, "OpenSSL provides HMAC-SHA-256");
  return context;
}

}  // namespace

std::string base64url_encode(std::string_view bytes) { return encode(bytes, kUrlAlphabet); }

std::optional<std::string> base64url_decode(std::string_view text) {
  return decode(text, kUrlTable);
}

std::string base64_encode(std::string_view bytes) {
  std::string out = encode(bytes, kAlphabet);
  out.append((4 - out.size() % 4) % 4, '=');
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) text.remove_suffix(1);
  return decode(text, kTable);
}

std::string hex_encode(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    out += kHex[static_cast<unsigned char>(c) >> 4];
    out += kHex[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::optional<std::string> hex_decode(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

Digest sha256(std::string_view bytes) {
  thread_local const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  Digest digest{};
  const bool done = EVP_DigestInit_ex2(context.get(), sha256_algorithm(), nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), data_of(bytes), bytes.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
  CHECK(done, "SHA-256 always works");
  return digest;
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  CHECK(context_ != nullptr && EVP_DigestInit_ex2(static_cast<EVP_MD_CTX*>(context_),
                                                  sha256_algorithm(), nullptr) == 1,
        "SHA-256 always works");
}

Sha256::~Sha256() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }

void Sha256::add(std::string_view bytes) {
  CHECK(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), data_of(bytes), bytes.size()) == 1,
        "SHA-256 always works");
}

Digest Sha256::finish() {
  Digest digest{};
  CHECK(EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), digest.data(), nullptr) == 1,
        "SHA-256 always works");
  return digest;
}

std::string sha256_hex(std::string_view bytes) { return hex_encode(bytes_of(sha256(bytes))); }

Digest hmac_sha256(std::string_view key, std::string_view bytes) {
  thread_local const std::unique_ptr<EVP_MAC_CTX, Free> context(hmac_context());
  Digest digest{};
  size_t size = 0;
  const bool done = EVP_MAC_init(context.get(), data_of(key), key.size(), nullptr) == 1 &&
                    EVP_MAC_update(context.get(), data_of(bytes), bytes.size()) == 1 &&
                    EVP_MAC_final(context.get(), digest.data(), &size, digest.size()) == 1;
  CHECK(done && size == digest.size(), "HMAC-SHA-256 always works");
  return digest;
}

std::string hmac_sha256_hex(std::string_view key, std::string_view bytes) {
  return hex_encode(bytes_of(hmac_sha256(key, bytes)));
}

bool constant_time_equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(data_of(a), data_of(b), a.size()) == 0;
}

std::string aes_gcm_seal(std::string_view key, std::string_view plaintext,
                         std::string_view associated_data) {
  CHECK(key.size() == kAesKeyBytes, "an AES-256 key has 32 bytes");
  std::string out(kGcmNonceBytes + plaintext.size() + kGcmTagBytes, '\0');
  auto* nonce = reinterpret_cast<unsigned char*>(out.data());
  unsigned char* text = nonce + kGcmNonceBytes;
  random_bytes(nonce, kGcmNonceBytes);
  const std::unique_ptr<EVP_CIPHER_CTX, Free> context(EVP_CIPHER_CTX_new());
  EVP_CIPHER_CTX* c = context.get();
  int size = 0;
  const bool done =
      EVP_EncryptInit_ex2(c, gcm_algorithm(), data_of(key), nonce, nullptr) == 1 &&
      EVP_EncryptUpdate(c, nullptr, &size, data_of(associated_data),
                        static_cast<int>(associated_data.size())) == 1 &&
      EVP_EncryptUpdate(c, text, &size, data_of(plaintext), static_cast<int>(plaintext.size())) ==
          1 &&
      EVP_EncryptFinal_ex(c, text + plaintext.size(), &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, kGcmTagBytes, text + plaintext.size()) == 1;
  CHECK(done, "AES-256-GCM always seals");
  return out;
}

std::optional<std::string> aes_gcm_open(std::string_view key, std::string_view sealed,
                                        std::string_view associated_data) {
  CHECK(key.size() == kAesKeyBytes, "an AES-256 key has 32 bytes");
  if (sealed.size() < kGcmNonceBytes + kGcmTagBytes) return std::nullopt;
  const std::string_view nonce = sealed.substr(0, kGcmNonceBytes);
  const std::string_view text =
      sealed.substr(kGcmNonceBytes, sealed.size() - kGcmNonceBytes - kGcmTagBytes);
  std::string tag(sealed.substr(sealed.size() - kGcmTagBytes));
  std::string out(text.size() + 1, '\0');  // one spare byte: the final call wants a valid pointer
  auto* plain = reinterpret_cast<unsigned char*>(out.data());
  const std::unique_ptr<EVP_CIPHER_CTX, Free> context(EVP_CIPHER_CTX_new());
  EVP_CIPHER_CTX* c = context.get();
  int size = 0;
  const bool ready =
      EVP_DecryptInit_ex2(c, gcm_algorithm(), data_of(key), data_of(nonce), nullptr) == 1 &&
      EVP_DecryptUpdate(c, nullptr, &size, data_of(associated_data),
                        static_cast<int>(associated_data.size())) == 1 &&
      EVP_DecryptUpdate(c, plain, &size, data_of(text), static_cast<int>(text.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, kGcmTagBytes, tag.data()) == 1;
  CHECK(ready, "AES-256-GCM always deciphers");
  if (EVP_DecryptFinal_ex(c, plain + text.size(), &size) != 1) return std::nullopt;
  out.pop_back();
  return out;
}

std::string hkdf_sha256(std::string_view secret, std::string_view salt, std::string_view info,
                        size_t size) {
  CHECK(size <= kHkdfBytesMax, "HKDF-SHA-256 gives at most 8160 bytes");
  const std::string zeros(32, '\0');
  const Digest key = hmac_sha256(salt.empty() ? std::string_view(zeros) : salt, secret);
  std::string out;
  std::string block;
  for (char counter = 1; out.size() < size; ++counter) {
    std::string input = block;
    input.append(info).push_back(counter);
    block = std::string(bytes_of(hmac_sha256(bytes_of(key), input)));
    out += block;
  }
  out.resize(size);
  return out;
}

}  // namespace chatpad::wire
