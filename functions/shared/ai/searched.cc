#include "functions/shared/ai/searched.h"

#include <functional>
#include <utility>

#include "functions/shared/ai/compose.h"
#include "functions/shared/knowledge/reranker.h"
#include "functions/shared/knowledge/small_talk.h"

namespace chatpad::functions::ai {

Task<std::shared_ptr<const Searched>> search_for(edge::Context& context, Prompt prompt) {
  using Found = std::shared_ptr<const Searched>;
  Found found;
  if (!prompt.knowledge) co_return found;
  const std::vector<ChainEntry> chain = chain_of(prompt.settings, context.config().ai);
  const bool is_builtin = chain.empty() || chain.front().provider == "builtin";
  Reranker& reranker = context.local<Reranker>();
  const bool reranks = !is_builtin && reranker.set();
  if (prompt.knowledge->size() <= kPassagesOnLoopMax && !reranks) co_return found;
  if (is_builtin && chatpad::knowledge::small_talk(prompt.question)) co_return found;
  const size_t candidates = reranks ? kRerankHitsMax : kPassagesGivenMax;
  std::function<Found()> job = [is_builtin, candidates, index = prompt.knowledge,
                                who = prompt.audience, question = prompt.question,
                                meaning = prompt.meaning] {
    const chatpad::knowledge::View view(*index, who);
    auto searched = std::make_shared<Searched>();
    searched->has_extract = is_builtin;
    if (is_builtin) {
      searched->extract = chatpad::knowledge::answer(*index, question, view);
    } else {
      searched->passages = index->search(question, candidates, view, meaning);
    }
    return Found(std::move(searched));
  };
  try {
    found = co_await context.workers().run<Found>(context.loop(), std::move(job));
  } catch (const Raised& raised) {
    if (raised.error().errc != Errc::overloaded) throw;
  }
  if (found && reranks) {
    auto ordered = std::make_shared<Searched>(*found);
    std::vector<chatpad::knowledge::Hit> hits = std::move(ordered->passages->hits);
    hits = co_await reranker.order(prompt.knowledge, prompt.question, std::move(hits));
    if (hits.size() > kPassagesGivenMax) hits.resize(kPassagesGivenMax);
    ordered->passages->hits = std::move(hits);
    found = std::move(ordered);
  }
  co_return found;
}

}  // namespace chatpad::functions::ai
