// KnowledgeWarmer: builds the indexes of agents that are being asked again when their knowledge has
// changed, before somebody asks. One per program, on loop 0, unless CHATPAD_KNOWLEDGE_WARMING is
// lazy.
//
// It looks at the agents whose indexes are in memory and asks the database for the versions of
// their knowledge: every kWarmEagerMs, or every CHATPAD_KNOWLEDGE_WARM_S seconds when it is
// `scheduled`. What is not in memory is built by the question that needs it, as always; a question
// never waits for this. Failures are logged and tried again.
#pragma once

#include <cstdint>

#include "functions/shared/knowledge/library.h"
#include "runtime/coro/task.h"
#include "runtime/edge/context.h"

namespace chatpad::functions {

constexpr uint64_t kWarmEagerMs = 2'000;
constexpr size_t kWarmAgentsMax = 1'000;  // looked at in one round, the latest asked first

class KnowledgeWarmer {
 public:
  explicit KnowledgeWarmer(edge::Context& context);
  Task<void> run();

 private:
  Task<void> look();

  edge::Context& context_;
  Library& library_;
  chatpad::knowledge::IndexCache& cache_;
};

}  // namespace chatpad::functions
