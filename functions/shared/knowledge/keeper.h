// KnowledgeKeeper: gives the passages of every agent their vectors, in the background. One per
// program, on loop 0, when a service for vectors is set up.
//
// It looks for agents whose knowledge has changed since it was last complete, takes each under a
// lease (several programs share a database), and has kEmbedTextsMax passages at a time embedded and
// stored; kEmbedAgentsMax of them at the same time, one of an account, so that an account whose key
// the service keeps waiting is waited for by itself. When the last one is stored the knowledge gets
// a new version, and the next index has the vectors. Until then, and for what has none, the words
// are searched. Failures are logged and tried again, each agent's later than the time before, so
// that one that fails keeps no other waiting. What the service does not take is halved until the
// passage is found that it is about: that one goes without, unless the service takes nothing at
// all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "functions/shared/knowledge/embedder.h"
#include "runtime/coro/scope.h"
#include "runtime/coro/task.h"
#include "runtime/edge/context.h"

namespace chatpad::functions {

constexpr uint64_t kEmbedLookMs = 2'000;
constexpr uint64_t kEmbedRestMs = 15'000;  // after a failure of the database
constexpr int kEmbedLeaseS = 180;
constexpr size_t kEmbedAgentsMax = 4;  // at the same time, of one program

class KnowledgeKeeper {
 public:
  explicit KnowledgeKeeper(edge::Context& context);
  Task<void> run();

 private:
  struct Text {
    std::string chunk_id;
    std::string text;
  };
  struct Claim {
    KeyOwner owner;
    std::string agent_id;
    int64_t version;
  };
  Task<std::optional<Claim>> claim();
  // That agent, and then whichever is left.
  Task<void> work(Claim first);
  Task<void> finish(Claim claimed);
  Task<void> embed(KeyOwner owner, std::string agent_id);
  Task<void> embed_some(KeyOwner owner, std::string agent_id, std::vector<Text> texts);
  Task<bool> takes_anything(KeyOwner owner);

  edge::Context& context_;
  Embedder& embedder_;
  Scope workers_;  // last: its tasks use everything above
};

}  // namespace chatpad::functions
