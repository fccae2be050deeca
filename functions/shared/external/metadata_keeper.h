// MetadataKeeper: asks the metadata of SAML providers at their URLs again, so that a key their
// identity provider has replaced is known here. One per program, on loop 0; several programs share
// the work, because a provider is claimed in the database. Each is asked every kMetadataKeptS; what
// cannot be had, is about another entity, or cannot be read, leaves the provider as it is and is
// logged.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/coro/task.h"
#include "runtime/edge/context.h"

namespace chatpad::functions {

constexpr uint64_t kMetadataLookMs = 600'000;
constexpr int kMetadataKeptS = 6 * 3600;

class MetadataKeeper {
 public:
  explicit MetadataKeeper(edge::Context& context) : context_(context) {}
  // Until it is destroyed. The keeper outlives the task.
  Task<void> run();

 private:
  Task<bool> work();
  Task<void> renew(std::string id, std::string entity_id, std::string url);

  edge::Context& context_;
};

}  // namespace chatpad::functions
