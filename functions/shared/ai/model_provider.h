// ModelProvider: answers by asking language models: the agent's chain, service after service.
//
// Before the first piece of text everything may go wrong without the visitor noticing: a service
// that is busy is asked again after the time it names, one that is broken is passed over for the
// next, one whose breaker is open is not asked. After the first piece a failure ends the answer
// with what was said. A chain that ends in `builtin` answers from the knowledge then; any other
// raises.
//
// Errors: upstream_failed and deadline_exceeded, the cause naming service, status and its words.
#pragma once

#include "functions/shared/ai/provider.h"
#include "functions/shared/ai/router.h"
#include "runtime/coro/scope.h"

namespace chatpad::functions::ai {

constexpr uint64_t kChooseMsMax = 100'000;  // until the first piece, all attempts together
constexpr uint64_t kModelConnectMs = 5'000;
constexpr size_t kModelStreamBytesMax = 16 * 1024 * 1024;
constexpr size_t kModelTailBytesMax = 64 * 1024;  // read after the end, to keep the connection

class ModelProvider : public Provider {
 public:
  explicit ModelProvider(edge::Context& context);
  std::unique_ptr<Answer> start(Prompt prompt) override;

 private:
  friend class ModelAnswer;
  // Reads what a finished transfer still sends, so that its connection can be used again.
  void read_out(std::unique_ptr<http::Stream> stream);

  edge::Context& context_;
  std::unique_ptr<Provider> builtin_;
  Router router_;
  Scope tails_;
};

}  // namespace chatpad::functions::ai
