#include "runtime/wire/weak_secret.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"

namespace chatpad::wire {
namespace {

constexpr size_t kKeyBytesLeast = 32;
constexpr size_t kPasswordBytesLeast = 8;
constexpr double kKeyBitsLeast = 96;

// From the documents and example files of this kind of product.
constexpr std::string_view kPublished[] = {
    "super-secret-jwt-token-with-at-least-32-characters-long",
    "your-super-secret-jwt-token-with-at-least-32-characters-long",
    "your-super-secret-and-long-postgres-password",
    "this_password_is_insecure_and_should_be_updated",
    "your-32-char-secret",
    "your-encryption-key-32-chars-min",
    "nodeauthsecret",
    "adminadmin",
    "postgres",
    "password",
    "password1",
    "password123",
    "supabase",
    "chatpad",
    "changeme",
    "change-me",
    "changethis",
    "12345678",
    "123456789",
    "1234567890",
    "qwertyuiop",
    "letmein",
    "iloveyou",
    "secret",
    "secret123",
};

// What somebody was meant to replace.
constexpr std::string_view kPlaceholders[] = {
    "changeme",    "change-me",   "change_me",    "replace-me",  "replace_me",
    "your-secret", "your_secret", "super-secret", "supersecret", "example-secret"};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  return out;
}

// The shortest piece that the text is made of, over and over.
std::string_view period_of(std::string_view text) {
  for (size_t size = 1; size <= text.size() / 2; ++size) {
    bool repeats = true;
    for (size_t i = size; i < text.size() && repeats; ++i) repeats = text[i] == text[i - size];
    if (repeats) return text.substr(0, size);
  }
  return text;
}

// At most this many bits, going by how often each character occurs.
double bits_of(std::string_view text) {
  std::array<size_t, 256> counts{};
  for (const char c : text) ++counts[static_cast<unsigned char>(c)];
  double bits = 0;
  for (const size_t count : counts) {
    if (count == 0) continue;
    const double part = static_cast<double>(count) / static_cast<double>(text.size());
    bits -= static_cast<double>(count) * std::log2(part);
  }
  return bits;
}

// "abcdef", "99999", "4321": each character follows from the one before.
bool mostly_in_order(std::string_view text) {
  size_t steps = 0;
  for (size_t i = 1; i < text.size(); ++i) {
    const int step = text[i] - text[i - 1];
    if (step >= -1 && step <= 1) ++steps;
  }
  return steps * 2 > text.size();
}

bool is_published(std::string_view text) {
  const std::string folded = lower(text);
  return std::find(std::begin(kPublished), std::end(kPublished), folded) != std::end(kPublished);
}

}  // namespace

std::optional<std::string> weakness_of_key(std::string_view secret) {
  if (is_published(secret)) return "is published as an example";
  if (secret.size() < kKeyBytesLeast) return "has fewer than 32 characters";
  const std::string folded = lower(secret);
  for (const std::string_view placeholder : kPlaceholders) {
    if (folded.find(placeholder) != std::string::npos) return "looks like a placeholder";
  }
  const std::string_view period = period_of(secret);
  if (period.size() < secret.size() / 2 + 1 && period.size() < kKeyBytesLeast) {
    return "is one short piece over and over";
  }
  if (mostly_in_order(secret) || bits_of(secret) < kKeyBitsLeast) {
    return "is easier to guess than a random one";
  }
  return std::nullopt;
}

std::optional<std::string> weakness_of_password(std::string_view password) {
  if (password.size() < kPasswordBytesLeast) return "has fewer than 8 characters";
  if (is_published(password)) return "is published as an example";
  if (period_of(password).size() <= 2 || mostly_in_order(password)) {
    return "is easier to guess than a random one";
  }
  return std::nullopt;
}

bool is_published_token(std::string_view token) {
  const size_t first = token.find('.');
  const size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) return false;
  const auto payload = base64url_decode(token.substr(first + 1, second - first - 1));
  if (!payload) return false;
  const auto claims = parse_json(*payload);
  if (!claims || !claims->is_object()) return false;
  const auto issuer = claims->find("iss");
  return issuer != claims->end() && issuer->is_string() &&
         issuer->get_ref<const std::string&>() == "supabase-demo";
}

}  // namespace chatpad::wire
