#include "runtime/base/environment.h"

#include <cstdlib>

namespace chatpad::environment {

std::string text(const char* name, std::string fallback) {
  const char* value = std::getenv(name);
  return value && *value ? std::string(value) : std::move(fallback);
}

std::vector<std::string> list(const std::string& value) {
  std::vector<std::string> items;
  size_t start = 0;
  while (start < value.size()) {
    size_t comma = value.find(',', start);
    if (comma == std::string::npos) comma = value.size();
    const size_t first = value.find_first_not_of(' ', start);
    size_t last = comma;
    while (last > start && value[last - 1] == ' ') --last;
    if (first < last) items.push_back(value.substr(first, last - first));
    start = comma + 1;
  }
  return items;
}

Result<bool> flag(const char* name, bool fallback) {
  const std::string value = text(name, "");
  if (value.empty()) return fallback;
  if (value == "on") return true;
  if (value == "off") return false;
  return Error(Errc::validation_failed, PublicText(std::string(name) + " must be on or off."));
}

}  // namespace chatpad::environment
