// EmbeddingSettings: the service that turns texts into vectors, read from the environment. It
// speaks OpenAI's /embeddings. docs/config.md lists the names.
#pragma once

#include <string>

#include "runtime/base/error.h"

namespace chatpad {

struct EmbeddingSettings {
  std::string model;  // CHATPAD_AI_EMBEDDING_MODEL; empty: there is no service
  // CHATPAD_AI_EMBEDDING_URL, else CHATPAD_AI_BASE_URL, else OpenAI's
  std::string url;
  // CHATPAD_AI_EMBEDDING_KEY, else that of the service the URL is of
  std::string key;
  bool allow_private = false;  // CHATPAD_AI_ALLOW_PRIVATE: it may be in a private network

  bool set() const { return !model.empty(); }
};

// Errc::validation_failed names the variable that cannot be used and what it may hold.
Result<EmbeddingSettings> embedding_from_environment();

}  // namespace chatpad
