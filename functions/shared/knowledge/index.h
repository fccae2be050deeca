// The search index over one agent's knowledge: BM25 with fields, paraphrases and proximity, and
// vectors.
//
// For: finding the passages a question is about. Built once from passages, immutable after, shared
// by pointer (index_cache.h). It does no I/O and knows no tenant. Who may see what is in the
// passages; a search goes through a View of them (view.h), and without one finds only what
// everybody may see. Owner: whoever holds the shared_ptr; const methods are safe from several
// threads. Errors: none. Limits: kPassagesMax (more are ignored), kRerankMax, kQueryTermsMax
// (query.h). Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and
// Beyond", 2009.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "functions/shared/knowledge/access.h"
#include "functions/shared/knowledge/judge_words.h"
#include "functions/shared/knowledge/lexical_vector.h"
#include "functions/shared/knowledge/query.h"
#include "functions/shared/knowledge/vectors.h"
#include "functions/shared/knowledge/view.h"
#include "functions/shared/text/language.h"

namespace chatpad::knowledge {

/// An agent's passages beyond this are not indexed here (design: an ANN library takes over).
constexpr std::size_t kPassagesMax = 1'000'000;
/// Candidates that are looked at closely after BM25.
constexpr std::size_t kRerankMax = 50;
/// Passages that are read for one question whether something stands in them (mentions).
constexpr std::size_t kMentionPassagesMax = 2'000;

// BM25: how fast repetition stops to count, and how much a long field is held against a passage.
constexpr float kBm25K1 = 1.2F;
constexpr float kBm25B = 0.75F;
// A word in the passage's own heading, or in what stands above it (the title, outer headings),
// counts as so many in the text.
constexpr float kHeadingBoost = 2.5F;
constexpr float kTitleBoost = 0.8F;
/// Pretended passages without any of the words, so that rarity means something in a small index.
constexpr float kBackgroundPassages = 30.0F;
// What finding the words side by side, close together and in the heading adds to a score.
constexpr float kPhraseBonus = 0.4F;
constexpr float kEvidenceBonus = 1.0F;
constexpr float kHeadingBonus = 0.35F;
// What it adds that heading and question are about the same thing, each all of the other.
constexpr float kFocusBonus = 0.4F;
/// A heading that is wholly in the question makes up for so much of what the passage lacks of the
/// question, when it is at least kFocusShareMin of it.
constexpr float kFocusEvidence = 0.3F;
constexpr float kFocusShareMin = 0.2F;
// A passage that continues its section is worth less than the one that opens it.
constexpr float kContinuationFactor = 0.95F;
// What has hardly a function word is no prose but a list, a syntax, an index: it names what a
// question is about more often than it answers.
constexpr float kListFactor = 0.85F;
constexpr float kProseShareMin = 0.2F;
constexpr std::size_t kListWordsMin = 9;
/// Words this close together speak of one thing.
constexpr std::size_t kEvidenceWindowWords = 40;

struct Passage {
  std::string chunk_id;
  std::string source_id;
  std::string title;
  std::string url;
  std::optional<int> page;
  std::string heading;
  std::string content;
  std::shared_ptr<const Access> access = nullptr;  // nullptr: everybody
};

struct Hit {
  std::size_t passage = 0;  // for Index::passage()
  float score = 0;          // comparable within one search only
  float reach = 0;  // the score with what is near the question's words: decides what is looked at
  float evidence = 0;    // 0..1: share of the question found close together or in the heading
  float heading = 0;     // 0..1: share of the question found in the passage's own heading
  float focus = 0;       // 0..1: share of its own heading found in the question
  float similarity = 0;  // -1..1: of the vectors, where they were compared
  float relevance = -1;  // 0..1: by a service that was asked (reranker.h); -1: none was
  bool opens_section = true;
};

struct SearchResult {
  std::vector<Hit> hits;    // best first
  Query query;              // as understood, with the spellings that were tried
  std::vector<float> mass;  // how informative each of its terms is: its weight times its rarity
};

/// The last part of a path of headings.
std::string_view own_heading(std::string_view path);

class Index {
 public:
  /// With vectors made from letters (lexical_vector.h).
  explicit Index(std::span<const Passage> passages);
  /// With vectors of a model, one row a passage.
  Index(std::span<const Passage> passages, Vectors meanings);

  /// The best passages. Words decide, and in English the best of what they find is ordered by its
  /// meaning too (judge.h). With `meaning`, the model's vector of the question, what is near it
  /// takes part almost as much (fuse.h). Without, when no word of the question occurs, what is
  /// spelt like it is found.
  SearchResult search(std::string_view question, std::size_t top_k, const View& view,
                      std::span<const float> meaning = {}) const;

  /// Among what everybody may see.
  SearchResult search(std::string_view question, std::size_t top_k) const;

  /// Whether `text` stands in a passage that `who` may see, word for word, or is its address. Of
  /// what has all of its words kMentionPassagesMax are looked at.
  bool mentions(std::string_view text, const Audience& who) const;

  const Passage& passage(std::size_t at) const { return passages_[at]; }
  std::size_t size() const { return passages_.size(); }
  text::Language language() const { return language_; }
  /// Whether there is a passage that not everybody may see.
  bool guarded() const { return guarded_; }
  /// One row a passage.
  const Vectors& vectors() const { return vectors_; }
  bool has_meanings() const { return has_meanings_; }
  float mean_words() const { return mean_words_; }
  std::size_t word_count(std::size_t passage) const { return words(passage).size(); }

  /// What it holds in memory.
  std::size_t bytes() const;

 private:
  friend class Search;
  friend class IndexBuilder;

  struct Posting {
    std::uint32_t passage;
    std::uint16_t in_content;
    std::uint8_t in_heading;
    std::uint8_t in_title;  // and in outer headings
  };

  void read(std::span<const Passage> passages);
  void sort_urls();
  std::size_t term_count() const { return term_begin_.empty() ? 0 : term_begin_.size() - 1; }
  std::string_view term(std::size_t id) const;
  std::size_t lower_bound(std::string_view stem) const;  // the first term not before `stem`
  std::optional<std::uint32_t> find_term(std::string_view stem) const;
  std::span<const Posting> postings(std::uint32_t term_id) const;
  std::span<const std::uint32_t> words(std::size_t passage) const;
  bool opens_section(std::size_t passage) const;
  bool is_list(std::size_t passage) const;
  // For judge.h; nothing unless the language is English. A path's rows end with kNoJudgeRow.
  bool judged() const { return !term_rows_.empty(); }
  JudgeRow judge_row(std::uint32_t term_id) const { return term_rows_[term_id]; }
  std::span<const JudgeRow> heading_rows(std::size_t passage) const;

  text::Language language_ = text::Language::english;
  std::vector<Passage> passages_;
  // The vocabulary, sorted: term i is letters_[term_begin_[i] .. term_begin_[i + 1]).
  std::string letters_;
  std::vector<std::uint32_t> term_begin_;
  std::vector<std::uint32_t> posting_begin_;
  std::vector<Posting> postings_;
  // Every passage's words in order, as term numbers; a function word is kStopWord.
  std::vector<std::uint32_t> words_;
  std::vector<std::uint32_t> word_begin_;
  std::vector<JudgeRow> term_rows_;  // of each term
  // The words of the paths of headings; neighbours under one path share it.
  std::vector<JudgeRow> heading_rows_;
  std::vector<std::uint32_t> heading_at_;  // for each passage
  std::vector<std::uint32_t> by_url_;      // of each address and access one passage, by address
  Vectors vectors_;
  float mean_words_ = 1.0F;
  bool guarded_ = false;
  bool has_meanings_ = false;
};

}  // namespace chatpad::knowledge
