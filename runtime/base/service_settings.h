// ServiceSettings: the services beside the language model, read from the environment: the one that
// turns texts into vectors (OpenAI's /embeddings) and the one that orders passages by how well they
// answer a question (/rerank, as Cohere, Jina, vLLM and llama.cpp have it). docs/config.md lists
// the names.
#pragma once

#include <string>

#include "runtime/base/error.h"

namespace chatpad {

struct ServiceSettings {
  std::string model;  // empty: there is no service
  std::string url;    // without a slash at its end
  std::string key;
  bool allow_private = false;  // CHATPAD_AI_ALLOW_PRIVATE: it may be in a private network

  bool set() const { return !model.empty(); }
};

// CHATPAD_AI_EMBEDDING_MODEL, _URL (else CHATPAD_AI_BASE_URL, else OpenAI's) and _KEY (else that of
// the service the URL is of). Errc::validation_failed names the variable that cannot be used and
// what it may hold; so does the other.
Result<ServiceSettings> embedding_from_environment();
// CHATPAD_AI_RERANK_MODEL, _URL (else Cohere's) and _KEY.
Result<ServiceSettings> rerank_from_environment();

}  // namespace chatpad
