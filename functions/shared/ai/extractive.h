// The built-in provider: answers with whole sentences of the agent's own knowledge, and cites them.
// No model, no key, no network. When nothing in the knowledge fits the question it says the agent's
// fallback message and cites nothing.
#pragma once

#include "functions/shared/ai/provider.h"

namespace chatpad::functions::ai {

class ExtractiveProvider : public Provider {
 public:
  std::unique_ptr<Answer> start(Prompt prompt) override;
};

}  // namespace chatpad::functions::ai
