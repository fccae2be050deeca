#include "functions/shared/knowledge/view.h"

#include <algorithm>

#include "functions/shared/knowledge/index.h"

namespace chatpad::knowledge {
namespace {

bool within(const Passage& passage, const Narrowing& narrowing) {
  const auto& sources = narrowing.source_ids;
  if (!sources.empty() &&
      std::find(sources.begin(), sources.end(), passage.source_id) == sources.end()) {
    return false;
  }
  if (!passage.url.starts_with(narrowing.url_prefix)) return false;
  if (narrowing.page_from && passage.page.value_or(0) < *narrowing.page_from) return false;
  return !narrowing.page_to || (passage.page && *passage.page <= *narrowing.page_to);
}

}  // namespace

View::View(const Index& index, const Audience& who, const Narrowing& narrowing)
    : size_(index.size()), mean_words_(index.mean_words()) {
  if (narrowing.empty() && !index.guarded()) return;
  std::size_t words = 0;
  size_ = 0;
  shown_.assign(index.size(), 0);
  for (std::size_t i = 0; i < shown_.size(); ++i) {
    const Passage& passage = index.passage(i);
    if (passage.access && !may_see(*passage.access, who)) continue;
    if (!within(passage, narrowing)) continue;
    shown_[i] = 1;
    ++size_;
    words += index.word_count(i);
  }
  all_ = size_ == shown_.size();
  if (all_ || size_ == 0) return;
  mean_words_ = std::max(1.0F, static_cast<float>(words) / static_cast<float>(size_));
}

}  // namespace chatpad::knowledge
