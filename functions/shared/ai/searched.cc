#include "functions/shared/ai/searched.h"

#include <functional>
#include <utility>

#include "functions/shared/ai/compose.h"
#include "functions/shared/knowledge/small_talk.h"

namespace chatpad::functions::ai {

Task<std::shared_ptr<const Searched>> search_for(edge::Context& context, Prompt prompt) {
  using Found = std::shared_ptr<const Searched>;
  Found found;
  if (!prompt.knowledge || prompt.knowledge->size() <= kPassagesOnLoopMax) co_return found;
  const std::vector<ChainEntry> chain = chain_of(prompt.settings, context.config().ai);
  const bool is_builtin = chain.empty() || chain.front().provider == "builtin";
  if (is_builtin && chatpad::knowledge::small_talk(prompt.question)) co_return found;
  std::function<Found()> job = [is_builtin, index = prompt.knowledge, who = prompt.audience,
                                question = prompt.question, meaning = prompt.meaning] {
    const chatpad::knowledge::View view(*index, who);
    auto searched = std::make_shared<Searched>();
    searched->has_extract = is_builtin;
    if (is_builtin) {
      searched->extract = chatpad::knowledge::answer(*index, question, view);
    } else {
      searched->passages = index->search(question, kPassagesGivenMax, view, meaning);
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

}  // namespace chatpad::functions::ai
