#include "functions/shared/account/password_rules.h"

#include <algorithm>
#include <string>
#include <vector>

#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

size_t characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; }));
}

bool has(std::string_view need, std::string_view password) {
  return std::any_of(password.begin(), password.end(), [need](char c) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool upper = c >= 'A' && c <= 'Z';
    const bool digit = c >= '0' && c <= '9';
    if (need == "lower") return lower;
    if (need == "upper") return upper;
    if (need == "digit") return digit;
    return !lower && !upper && !digit && static_cast<uint8_t>(c) < 0x80;
  });
}

}  // namespace

void require_strong_password(const AuthSettings& settings, std::string_view password) {
  const bool is_short = characters(password) < settings.password_chars_min;
  std::string missing;
  for (const std::string& need : settings.password_needs) {
    if (!has(need, password)) missing += (missing.empty() ? "" : ", ") + need;
  }
  if (!is_short && missing.empty()) return;
  std::string sentence;
  if (is_short) {
    sentence = "Password should be at least " + std::to_string(settings.password_chars_min) +
               " characters.";
  }
  if (!missing.empty()) {
    sentence += std::string(sentence.empty() ? "" : " ") +
                "Password should contain at least one character of each: " + missing + ".";
  }
  wire::JsonWriter more;
  more.object().array("reasons");
  if (is_short) more.value("length");
  if (!missing.empty()) more.value("characters");
  more.end().end();
  Error error(Errc::weak_password, PublicText(sentence));
  error.more = "\"weak_password\":" + more.view();
  raise(std::move(error));
}

}  // namespace chatpad::functions
