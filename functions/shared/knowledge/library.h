// Library: the knowledge of agents as indexes, for the functions of one loop; the indexes
// themselves are shared by all loops (KnowledgeShelf).
//
//   auto index = co_await call.context().local<Library>().open(agent, version, lane);
//
// The version comes from the statement that let the caller in, so that what was changed before it
// is in the index. On a miss the passages are read and the index is built by a worker; who asks
// meanwhile waits for the same one. Errors: those of the database; overloaded.
// Limits: CHATPAD_KNOWLEDGE_CACHE_MB for all indexes; kPassagesMax passages of one (index.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "functions/shared/knowledge/embedder.h"
#include "functions/shared/knowledge/index_cache.h"
#include "runtime/coro/signal.h"
#include "runtime/coro/task.h"
#include "runtime/edge/context.h"

namespace chatpad::functions {

class KnowledgeShelf {
 public:
  explicit KnowledgeShelf(edge::Commons& commons);
  chatpad::knowledge::IndexCache cache;
};

class Library {
 public:
  using Value = std::shared_ptr<const chatpad::knowledge::Index>;

  explicit Library(edge::Context& context);

  /// `lane` says whose turn it is at the database (pg::Claims).
  Task<Value> open(std::string agent_id, int64_t version, uint64_t lane);

  /// The question's vector for Index::search; empty when the index has none of a model, or the
  /// service does not give one in time.
  Task<std::vector<float>> meaning(KeyOwner owner, Value index, std::string question);

 private:
  struct Building {
    bool done = false;
    Value index;
    Signal changed;
  };
  Task<Value> build(std::string agent_id, uint64_t lane);

  edge::Context& context_;
  chatpad::knowledge::IndexCache& cache_;
  Embedder& embedder_;
  std::unordered_map<std::string, std::shared_ptr<Building>> building_;  // by agent and version
};

}  // namespace chatpad::functions
