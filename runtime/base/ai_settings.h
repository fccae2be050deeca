// AiSettings: the language models this server may ask, read from the environment. docs/config.md
// lists the names; docs/models.md says what to set for which service.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "runtime/base/error.h"

namespace chatpad {

// US dollars for a million tokens, which is micro-dollars for one.
struct ModelPrice {
  double input = 0;
  double output = 0;
};

struct AiSettings {
  std::string base_url;  // CHATPAD_AI_BASE_URL; empty: no gateway
  std::string api_key;   // CHATPAD_AI_API_KEY
  std::string model;     // CHATPAD_AI_MODEL: what agents get that name none
  std::string openai_url = "https://api.openai.com/v1";     // OPENAI_BASE_URL
  std::string openai_key;                                   // OPENAI_API_KEY
  std::string anthropic_url = "https://api.anthropic.com";  // ANTHROPIC_BASE_URL
  std::string anthropic_key;                                // ANTHROPIC_API_KEY
  bool allow_private =
      false;  // CHATPAD_AI_ALLOW_PRIVATE: the three URLs may lead into a private network
  uint64_t idle_ms = 30'000;    // CHATPAD_AI_IDLE_MS: without a byte from the service
  uint64_t total_ms = 110'000;  // CHATPAD_AI_TOTAL_MS: of one answer, all attempts together
  int retries = 2;              // CHATPAD_AI_RETRIES: of one service, before the next is asked
  std::map<std::string, ModelPrice> prices;  // CHATPAD_AI_PRICES: model=input/output, ...
};

// Errc::validation_failed names the variable that cannot be used and what it may hold.
Result<AiSettings> ai_from_environment();

}  // namespace chatpad
