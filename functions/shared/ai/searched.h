// Searched: what much knowledge says to a question, found by a worker before the provider is asked,
// so that no loop stands still for it.
//
//   prompt.found = co_await search_for(context, prompt);
//
// For whom the chain asks first: passages for a model, an extract for the built-in provider.
// Where a service puts passages in order (reranker.h), those for a model come in its order.
// Whoever comes later in the chain, and a model that searches by a tool, asks search_apart. Whoever
// is given nothing, because there is little to search or all workers are busy, searches for itself.
// Errors: none. Limits: kPassagesOnLoopMax.
#pragma once

#include <memory>
#include <optional>

#include "functions/shared/ai/provider.h"
#include "functions/shared/knowledge/answer.h"
#include "runtime/coro/task.h"
#include "runtime/edge/context.h"

namespace chatpad::functions::ai {

constexpr size_t kPassagesOnLoopMax = 10'000;  // fewer are searched sooner than handed over

struct Searched {
  std::optional<chatpad::knowledge::SearchResult> passages;
  bool has_extract = false;  // extract is what there is, if only that there is none
  std::optional<chatpad::knowledge::Extract> extract;
};

Task<std::shared_ptr<const Searched>> search_for(edge::Context& context, Prompt prompt);

enum class SearchFor : uint8_t { passages, extract };
// `count` passages at most.
Task<std::shared_ptr<const Searched>> search_apart(edge::Context& context, Prompt prompt,
                                                   SearchFor what, size_t count);

}  // namespace chatpad::functions::ai
