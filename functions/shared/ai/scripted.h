// A provider for tests: streams `tokens` numbered words, one every `token_ms` milliseconds,
// whatever is asked. Chosen by CHATPAD_TEST_PROVIDER_TOKEN_MS and CHATPAD_TEST_PROVIDER_TOKENS.
#pragma once

#include "functions/shared/ai/provider.h"
#include "runtime/loop/loop.h"

namespace chatpad::functions::ai {

class ScriptedProvider : public Provider {
 public:
  ScriptedProvider(Loop& loop, int token_ms, int tokens)
      : loop_(loop), token_ms_(token_ms), tokens_(tokens) {}
  std::unique_ptr<Answer> start(Prompt prompt) override;

 private:
  Loop& loop_;
  int token_ms_;
  int tokens_;
};

}  // namespace chatpad::functions::ai
