// Index::mentions: whether something stands in the knowledge, word for word.
#include <algorithm>
#include <numeric>

#include "functions/shared/knowledge/index.h"
#include "functions/shared/text/tokenize.h"

namespace chatpad::knowledge {
namespace {

bool is_for(const Passage& passage, const Audience& who) {
  return !passage.access || may_see(*passage.access, who);
}

}  // namespace

// One of each address and of who may see it.
void Index::sort_urls() {
  by_url_.resize(passages_.size());
  std::iota(by_url_.begin(), by_url_.end(), 0U);
  const auto key = [this](std::uint32_t at) {
    return std::pair(std::string_view(passages_[at].url), passages_[at].access.get());
  };
  std::erase_if(by_url_, [this](std::uint32_t at) {
    return passages_[at].url.empty() || (at > 0 && passages_[at - 1].url == passages_[at].url &&
                                         passages_[at - 1].access == passages_[at].access);
  });
  std::ranges::sort(by_url_, {}, key);
  const auto rest = std::ranges::unique(by_url_, {}, key);
  by_url_.erase(rest.begin(), rest.end());
  by_url_.shrink_to_fit();
}

bool Index::mentions(std::string_view text, const Audience& who) const {
  const auto url_of = [this](std::uint32_t at) { return std::string_view(passages_[at].url); };
  for (const std::uint32_t at : std::ranges::equal_range(by_url_, text, {}, url_of)) {
    if (is_for(passages_[at], who)) return true;
  }
  // Whoever holds the text holds all of its words: those with the rarest are looked at.
  std::optional<std::span<const Posting>> rarest;
  for (const text::Token& token : text::tokenize(text)) {
    if (text::is_stop_word(token.text, language_)) continue;
    const auto term = find_term(text::stem(token.text, language_));
    if (!term) return false;
    const std::span<const Posting> holders = postings(*term);
    if (!rarest || holders.size() < rarest->size()) rarest = holders;
  }
  if (!rarest) return false;
  std::size_t looked_at = 0;
  for (const Posting& posting : *rarest) {
    const Passage& passage = passages_[posting.passage];
    if (posting.in_content == 0 || !is_for(passage, who)) continue;
    if (passage.content.find(text) != std::string::npos) return true;
    if (++looked_at >= kMentionPassagesMax) return false;
  }
  return false;
}

}  // namespace chatpad::knowledge
