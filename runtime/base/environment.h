// Reading settings out of the environment: what config.cc and auth_settings.cc share.
#pragma once

#include <charconv>
#include <string>
#include <vector>

#include "runtime/base/error.h"

namespace chatpad::environment {

// The fallback when unset or empty.
std::string text(const char* name, std::string fallback);

// Comma separated, blanks around items removed, empty items left out.
std::vector<std::string> list(const std::string& value);

// "on" or "off"; the fallback when unset.
Result<bool> flag(const char* name, bool fallback);

// A whole or decimal number within [least, most]; the fallback when unset.
template <class T>
Result<T> number(const char* name, T fallback, T least, T most) {
  const std::string value = text(name, "");
  if (value.empty()) return fallback;
  T parsed{};
  const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), parsed);
  if (code != std::errc() || end != value.data() + value.size() || parsed < least ||
      parsed > most) {
    return Error(Errc::validation_failed,
                 PublicText(std::string(name) + " must be a number from " + std::to_string(least) +
                            " to " + std::to_string(most) + "."));
  }
  return parsed;
}

}  // namespace chatpad::environment
