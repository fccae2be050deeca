#include "runtime/base/embedding_settings.h"

#include "runtime/base/environment.h"

namespace chatpad {
namespace {

using environment::text;

constexpr size_t kModelCharsMax = 200;

// Set for the language models as well.
std::string shared(const char* name) { return text(name, ""); }

Error refused(std::string sentence) {
  return Error(Errc::validation_failed, PublicText(std::move(sentence)));
}

}  // namespace

Result<EmbeddingSettings> embedding_from_environment() {
  EmbeddingSettings settings;
  settings.model = text("CHATPAD_AI_EMBEDDING_MODEL", "");
  if (!settings.set()) return settings;
  if (settings.model.size() > kModelCharsMax) {
    return refused("CHATPAD_AI_EMBEDDING_MODEL must have at most 200 characters.");
  }
  const std::string gateway = shared("CHATPAD_AI_BASE_URL");
  std::string url = gateway.empty() ? shared("OPENAI_BASE_URL") : gateway;
  if (url.empty()) url = "https://api.openai.com/v1";
  const std::string own = text("CHATPAD_AI_EMBEDDING_URL", "");
  settings.url = own.empty() ? url : own;
  // A key goes to the service it is of, not to one that is named beside it.
  const std::string key = shared(gateway.empty() ? "OPENAI_API_KEY" : "CHATPAD_AI_API_KEY");
  settings.key = text("CHATPAD_AI_EMBEDDING_KEY", own.empty() ? key : "");
  if (!settings.url.starts_with("https://") && !settings.url.starts_with("http://")) {
    return refused("CHATPAD_AI_EMBEDDING_URL must begin with https:// or http://.");
  }
  if (settings.key.find_first_of("\r\n") != std::string::npos) {
    return refused("CHATPAD_AI_EMBEDDING_KEY must be one line.");
  }
  while (settings.url.ends_with('/')) settings.url.pop_back();
  settings.allow_private = shared("CHATPAD_AI_ALLOW_PRIVATE") == "1";
  return settings;
}

}  // namespace chatpad
