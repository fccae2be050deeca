// Reranker: passages in the order in which they answer a question, by the service that is set up
// for it (ServiceSettings, CHATPAD_AI_RERANK_*), with the account's own key where it has one (the
// secret "rerank.api_key"); one per loop.
//
//   Reranker& reranker = context.local<Reranker>();
//   if (reranker.set()) hits = co_await reranker.order(owner, index, question, std::move(hits));
//
// Format: POST <url>/rerank {model, query, documents, top_n}, answered with {results: [{index,
// relevance_score}]} (Cohere v2, Jina, vLLM, llama.cpp; `data` instead of `results` as Voyage).
// It gets what the asker may see and no more, as that is what the hits are, and of that nothing
// that is `restricted`. Errors: none; a service
// that fails, or is too slow, leaves the order as it is, and one that has failed a few times in a
// row is not asked for a while (breaker.h). Limits: kRerankHitsMax of the hits are sent,
// kRerankTextBytesMax of each; kRerankMs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "functions/shared/knowledge/index.h"
#include "functions/shared/knowledge/side_service.h"
#include "runtime/coro/task.h"
#include "runtime/edge/context.h"

namespace chatpad::functions {

constexpr size_t kRerankHitsMax = 50;
constexpr size_t kRerankTextBytesMax = 4'000;
constexpr size_t kRerankAnswerBytesMax = 256 * 1024;
constexpr uint64_t kRerankMs = 3'000;

class Reranker {
 public:
  explicit Reranker(edge::Context& context);

  bool set() const { return service_.set(); }

  // Those the service names come first, by its score, which becomes their `relevance`.
  Task<std::vector<chatpad::knowledge::Hit>> order(
      KeyOwner owner, std::shared_ptr<const chatpad::knowledge::Index> index, std::string question,
      std::vector<chatpad::knowledge::Hit> hits);

 private:
  edge::Context& context_;
  SideService service_;
};

}  // namespace chatpad::functions
