#include "functions/shared/knowledge/index.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "functions/shared/knowledge/search.h"
#include "functions/shared/text/chunk.h"
#include "functions/shared/text/tokenize.h"
#include "runtime/base/check.h"

namespace chatpad::knowledge {

using text::Joint;
using text::Token;

namespace {

// Text read from each passage to tell the language.
constexpr std::size_t kLanguageSampleBytes = 400;
constexpr std::size_t kLanguageSamplePassages = 100;
// How often a word of the heading counts in a vector made from letters.
constexpr float kLexicalHeadingWeight = 2.0F;

text::Language language_of(std::span<const Passage> passages) {
  std::string sample;
  const std::size_t step = std::max<std::size_t>(1, passages.size() / kLanguageSamplePassages);
  for (std::size_t i = 0; i < passages.size(); i += step) {
    sample += passages[i].content.substr(0, kLanguageSampleBytes);
    sample += ' ';
  }
  return text::detect_language(sample);
}

template <class Count>
void count_one(Count& count) {
  if (count < std::numeric_limits<Count>::max()) ++count;
}

std::size_t heap_bytes(const std::string& value) {
  return value.capacity() < sizeof(std::string) / 2 ? 0 : value.capacity() + 1;
}

template <class T>
std::size_t heap_bytes(const std::vector<T>& value) {
  return value.capacity() * sizeof(T);
}

}  // namespace

std::string_view own_heading(std::string_view path) {
  const std::size_t last = path.rfind(text::kHeadingSeparator);
  return last == std::string_view::npos ? path : path.substr(last + text::kHeadingSeparator.size());
}

// Collects postings under provisional term numbers, then renumbers them in the order of the
// letters.
class IndexBuilder {
 public:
  explicit IndexBuilder(Index& index) : index_(index) {
    if (index_.language_ == text::Language::english) judge_ = &JudgeWords::built_in();
  }

  void run() {
    index_.word_begin_.push_back(0);
    for (std::size_t i = 0; i < index_.passages_.size(); ++i) {
      const Passage& passage = index_.passages_[i];
      at_ = static_cast<std::uint32_t>(i);
      read(
          passage.content, [](Index::Posting& posting) { count_one(posting.in_content); },
          Keep::words);
      const std::string_view path = passage.heading;
      const std::string_view own = own_heading(path);
      const auto count_title = [](Index::Posting& posting) { count_one(posting.in_title); };
      const Keep keep = begin_path(path);
      read(
          own, [](Index::Posting& posting) { count_one(posting.in_heading); }, keep);
      read(path.substr(0, path.size() - own.size()), count_title, keep);
      if (keep == Keep::path) index_.heading_rows_.push_back(kNoJudgeRow);
      read(passage.title, count_title, Keep::nothing);
      index_.word_begin_.push_back(static_cast<std::uint32_t>(index_.words_.size()));
    }
    freeze();
  }

 private:
  enum class Keep { nothing, words, path };  // words: in their order

  // Path: when it is not the path of the passage before.
  Keep begin_path(std::string_view path) {
    if (judge_ == nullptr) return Keep::nothing;
    if (at_ > 0 && index_.passages_[at_ - 1].heading == path) {
      index_.heading_at_.push_back(index_.heading_at_.back());
      return Keep::nothing;
    }
    index_.heading_at_.push_back(static_cast<std::uint32_t>(index_.heading_rows_.size()));
    return Keep::path;
  }

  template <class Count>
  void read(std::string_view piece, Count count, Keep keep) {
    std::string before;
    for (const Token& token : text::tokenize(piece)) {
      if (token.joint == Joint::hyphen)
        add(text::stem(before + token.text, index_.language_), count, keep);
      before = token.text;
      if (!text::is_stop_word(token.text, index_.language_)) {
        add(text::stem(token.text, index_.language_), count, keep);
      } else if (keep == Keep::words) {
        index_.words_.push_back(kStopWord);
      }
    }
  }

  template <class Count>
  void add(const std::string& stem, Count count, Keep keep) {
    const auto [found, fresh] =
        numbers_.try_emplace(stem, static_cast<std::uint32_t>(numbers_.size()));
    if (fresh) {
      lists_.emplace_back();
      if (judge_ != nullptr) rows_.push_back(judge_->find(stem));
    }
    std::vector<Index::Posting>& list = lists_[found->second];
    if (list.empty() || list.back().passage != at_) list.push_back({at_, 0, 0, 0});
    count(list.back());
    if (keep == Keep::words) index_.words_.push_back(found->second);
    if (keep == Keep::path && rows_[found->second] != kNoJudgeRow) {
      index_.heading_rows_.push_back(rows_[found->second]);
    }
  }

  void freeze() {
    std::vector<std::uint32_t> sorted(numbers_.size());
    std::uint32_t next = 0;
    for (const auto& [stem, number] : numbers_) {
      sorted[number] = next++;
      index_.term_begin_.push_back(static_cast<std::uint32_t>(index_.letters_.size()));
      index_.posting_begin_.push_back(static_cast<std::uint32_t>(index_.postings_.size()));
      index_.letters_ += stem;
      if (judge_ != nullptr) index_.term_rows_.push_back(rows_[number]);
      const auto& list = lists_[number];
      index_.postings_.insert(index_.postings_.end(), list.begin(), list.end());
    }
    index_.term_begin_.push_back(static_cast<std::uint32_t>(index_.letters_.size()));
    index_.posting_begin_.push_back(static_cast<std::uint32_t>(index_.postings_.size()));
    for (std::uint32_t& word : index_.words_) {
      if (word != kStopWord) word = sorted[word];
    }
    if (!index_.passages_.empty()) {
      index_.mean_words_ = std::max(1.0F, static_cast<float>(index_.words_.size()) /
                                              static_cast<float>(index_.passages_.size()));
    }
    index_.letters_.shrink_to_fit();
    index_.term_begin_.shrink_to_fit();
    index_.posting_begin_.shrink_to_fit();
    index_.postings_.shrink_to_fit();
    index_.words_.shrink_to_fit();
    index_.term_rows_.shrink_to_fit();
    index_.heading_rows_.shrink_to_fit();
    index_.heading_at_.shrink_to_fit();
  }

  Index& index_;
  std::uint32_t at_ = 0;
  std::map<std::string, std::uint32_t> numbers_;
  std::vector<std::vector<Index::Posting>> lists_;
  const JudgeWords* judge_ = nullptr;
  std::vector<JudgeRow> rows_;  // of each provisional number
};

Index::Index(std::span<const Passage> passages) : vectors_(kLexicalWidth) {
  read(passages);
  vectors_.reserve(passages_.size());
  for (const Passage& passage : passages_) {
    LexicalVector vector(language_);
    vector.add(passage.content, 1.0F);
    vector.add(passage.heading, kLexicalHeadingWeight);
    vectors_.add(vector.numbers());
  }
}

Index::Index(std::span<const Passage> passages, Vectors meanings)
    : vectors_(std::move(meanings)), has_meanings_(true) {
  read(passages);
  CHECK(vectors_.size() == passages_.size(), "there is a row of vectors for each passage");
  vectors_.group();
}

void Index::read(std::span<const Passage> passages) {
  const auto kept = passages.first(std::min(passages.size(), kPassagesMax));
  language_ = language_of(kept);
  passages_.assign(kept.begin(), kept.end());
  guarded_ = std::any_of(passages_.begin(), passages_.end(),
                         [](const Passage& passage) { return passage.access != nullptr; });
  IndexBuilder(*this).run();
  sort_urls();
}

SearchResult Index::search(std::string_view question, std::size_t top_k, const View& view,
                           std::span<const float> meaning) const {
  return Search(*this, view, make_query(question, language_)).run(top_k, meaning);
}

SearchResult Index::search(std::string_view question, std::size_t top_k) const {
  return search(question, top_k, View(*this, Audience()));
}

std::string_view Index::term(std::size_t id) const {
  return std::string_view(letters_).substr(term_begin_[id], term_begin_[id + 1] - term_begin_[id]);
}

std::size_t Index::lower_bound(std::string_view stem) const {
  std::size_t low = 0;
  std::size_t high = term_count();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (term(middle) < stem) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::optional<std::uint32_t> Index::find_term(std::string_view stem) const {
  const std::size_t low = lower_bound(stem);
  if (low == term_count() || term(low) != stem) return std::nullopt;
  return static_cast<std::uint32_t>(low);
}

std::span<const Index::Posting> Index::postings(std::uint32_t term_id) const {
  return std::span(postings_).subspan(posting_begin_[term_id],
                                      posting_begin_[term_id + 1] - posting_begin_[term_id]);
}

std::span<const std::uint32_t> Index::words(std::size_t passage) const {
  return std::span(words_).subspan(word_begin_[passage],
                                   word_begin_[passage + 1] - word_begin_[passage]);
}

std::span<const JudgeRow> Index::heading_rows(std::size_t passage) const {
  const auto begin = heading_rows_.begin() + heading_at_[passage];
  return {begin, std::find(begin, heading_rows_.end(), kNoJudgeRow)};
}

bool Index::opens_section(std::size_t passage) const {
  if (passage == 0) return true;
  const Passage& before = passages_[passage - 1];
  const Passage& here = passages_[passage];
  return before.source_id != here.source_id || before.heading != here.heading;
}

bool Index::is_list(std::size_t passage) const {
  const auto all = words(passage);
  const auto function_words = std::count(all.begin(), all.end(), kStopWord);
  return all.size() >= kListWordsMin &&
         static_cast<float>(function_words) < kProseShareMin * static_cast<float>(all.size());
}

std::size_t Index::bytes() const {
  std::size_t total = sizeof(*this) + heap_bytes(passages_) + heap_bytes(letters_) +
                      heap_bytes(term_begin_) + heap_bytes(posting_begin_) + heap_bytes(postings_) +
                      heap_bytes(words_) + heap_bytes(word_begin_) + heap_bytes(term_rows_) +
                      heap_bytes(heading_rows_) + heap_bytes(heading_at_) + heap_bytes(by_url_) +
                      vectors_.bytes();
  for (const Passage& passage : passages_) {
    total += heap_bytes(passage.chunk_id) + heap_bytes(passage.source_id) +
             heap_bytes(passage.title) + heap_bytes(passage.url) + heap_bytes(passage.heading) +
             heap_bytes(passage.content);
  }
  return total;
}

}  // namespace chatpad::knowledge
