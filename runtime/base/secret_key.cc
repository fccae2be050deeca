#include "runtime/base/secret_key.h"

#include <fstream>

#include "runtime/base/env_file.h"

namespace chatpad {

Result<std::string> secret_key_text(const Config& config) {
  if (!config.secret_key_file.empty()) {
    std::ifstream file(config.secret_key_file);
    std::string line;
    if (!std::getline(file, line) && line.empty()) {
      return Error(Errc::internal,
                   PublicText("CHATPAD_SECRET_KEY_FILE cannot be read, or its first line is "
                              "empty."));
    }
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    return line;
  }
  const auto values = read_env_file(config.home + "/env");
  if (!values) return values.error();
  const auto found = values->find("CHATPAD_SECRET_KEY");
  return found == values->end() ? config.secret_key : found->second;
}

}  // namespace chatpad
