#include "runtime/base/service_settings.h"

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

struct Names {
  const char* model;
  const char* url;
  const char* key;
};

// Without a URL of its own it is the service at `url`.
Result<ServiceSettings> service_of(const Names& names, std::string url, std::string key) {
  const auto wrong = [](const char* name, const char* must) {
    return refused(std::string(name) + " must " + must);
  };
  ServiceSettings settings;
  settings.model = text(names.model, "");
  if (!settings.set()) return settings;
  if (settings.model.size() > kModelCharsMax) {
    return wrong(names.model, "have at most 200 characters.");
  }
  const std::string own = text(names.url, "");
  settings.url = own.empty() ? std::move(url) : own;
  // A key goes to the service it is of, not to one that is named beside it.
  settings.key = text(names.key, own.empty() ? std::move(key) : "");
  if (!settings.url.starts_with("https://") && !settings.url.starts_with("http://")) {
    return wrong(names.url, "begin with https:// or http://.");
  }
  if (settings.key.find_first_of("\r\n") != std::string::npos) {
    return wrong(names.key, "be one line.");
  }
  while (settings.url.ends_with('/')) settings.url.pop_back();
  settings.allow_private = shared("CHATPAD_AI_ALLOW_PRIVATE") == "1";
  return settings;
}

}  // namespace

Result<ServiceSettings> embedding_from_environment() {
  const std::string gateway = shared("CHATPAD_AI_BASE_URL");
  std::string url = gateway.empty() ? shared("OPENAI_BASE_URL") : gateway;
  if (url.empty()) url = "https://api.openai.com/v1";
  const char* key = gateway.empty() ? "OPENAI_API_KEY" : "CHATPAD_AI_API_KEY";
  constexpr Names kNames{"CHATPAD_AI_EMBEDDING_MODEL", "CHATPAD_AI_EMBEDDING_URL",
                         "CHATPAD_AI_EMBEDDING_KEY"};
  return service_of(kNames, std::move(url), shared(key));
}

Result<ServiceSettings> rerank_from_environment() {
  constexpr Names kNames{"CHATPAD_AI_RERANK_MODEL", "CHATPAD_AI_RERANK_URL",
                         "CHATPAD_AI_RERANK_KEY"};
  return service_of(kNames, "https://api.cohere.com/v2", "");
}

}  // namespace chatpad
