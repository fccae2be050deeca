#include "functions/shared/ai/searched.h"

#include <functional>
#include <utility>

#include "functions/shared/ai/compose.h"
#include "functions/shared/knowledge/reranker.h"
#include "functions/shared/knowledge/small_talk.h"

namespace chatpad::functions::ai {

namespace {

using Found = std::shared_ptr<const Searched>;

// By a worker, however little there is to search; nullptr when all are busy.
Task<Found> by_worker(edge::Context& context, Prompt prompt, SearchFor what, size_t count) {
  Found found;
  std::function<Found()> job = [what, count, index = prompt.knowledge, who = prompt.audience,
                                question = prompt.question, meaning = prompt.meaning] {
    const chatpad::knowledge::View view(*index, who);
    auto searched = std::make_shared<Searched>();
    searched->has_extract = what == SearchFor::extract;
    if (searched->has_extract) {
      searched->extract = chatpad::knowledge::answer(*index, question, view);
    } else {
      searched->passages = index->search(question, count, view, meaning);
    }
    return Found(std::move(searched));
  };
  try {
    found = co_await context.workers().run<Found>(context.loop(), std::move(job));
  } catch (const Raised& raised) {
    if (raised.error().errc != Errc::overloaded) throw;
  }
  co_return found;
}

bool is_little(const Prompt& prompt) {
  return !prompt.knowledge || prompt.knowledge->size() <= kPassagesOnLoopMax;
}

}  // namespace

Task<Found> search_apart(edge::Context& context, Prompt prompt, SearchFor what, size_t count) {
  Found found;
  if (is_little(prompt)) co_return found;
  found = co_await by_worker(context, std::move(prompt), what, count);
  co_return found;
}

Task<Found> search_for(edge::Context& context, Prompt prompt) {
  Found found;
  if (!prompt.knowledge) co_return found;
  const std::vector<ChainEntry> chain = chain_of(prompt.settings, context.config().ai);
  const bool is_builtin = chain.empty() || chain.front().provider == "builtin";
  Reranker& reranker = context.local<Reranker>();
  const bool reranks = !is_builtin && reranker.set();
  if (is_little(prompt) && !reranks) co_return found;
  if (is_builtin && chatpad::knowledge::small_talk(prompt.question)) co_return found;
  const SearchFor what = is_builtin ? SearchFor::extract : SearchFor::passages;
  const size_t candidates = reranks ? kRerankHitsMax : kPassagesGivenMax;
  found = co_await by_worker(context, prompt, what, candidates);
  if (found && reranks) {
    auto ordered = std::make_shared<Searched>(*found);
    std::vector<chatpad::knowledge::Hit> hits = std::move(ordered->passages->hits);
    hits = co_await reranker.order(prompt.key_owner(), prompt.knowledge, prompt.question,
                                   std::move(hits));
    if (hits.size() > kPassagesGivenMax) hits.resize(kPassagesGivenMax);
    ordered->passages->hits = std::move(hits);
    found = std::move(ordered);
  }
  co_return found;
}

}  // namespace chatpad::functions::ai
