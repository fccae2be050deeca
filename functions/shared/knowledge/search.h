// One search over one index: BM25 over all passages, then a closer look at the best of them, which
// are ordered by meaning as well (fuse.h, judge.h).
//
// For: Index::search only; it lives for one call. Owner: the caller's stack. Errors: none.
// Limits: kRerankMax candidates are looked at closely; a misspelt word is repaired only when it is
// long (kSpellingBytesMin) and in no passage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "functions/shared/knowledge/index.h"

namespace chatpad::knowledge {

/// Stands for a function word in Index::words().
constexpr std::uint32_t kStopWord = 0xFFFFFFFF;

/// Shorter stems have too many neighbours to guess from.
constexpr std::size_t kSpellingBytesMin = 5;
constexpr std::size_t kSpellingCandidatesMax = 4;

/// A word of the same family ("graph", "graphical") begins with the other, which has so many bytes
/// and most of its letters.
constexpr std::size_t kFamilyBytesMin = 5;
constexpr float kFamilyShareMin = 0.6F;
/// A part of a compound ("cd" of "cdrom"): the other part is a word of the texts, this long.
constexpr std::size_t kCompoundRestBytesMin = 3;
constexpr std::size_t kRelativesMax = 8;
/// What is no nearer than this by its letters is nothing that was meant.
constexpr float kLexicalLeast = 0.12F;

class Search {
 public:
  Search(const Index& index, const View& view, Query query);

  SearchResult run(std::size_t top_k, std::span<const float> meaning);

 private:
  enum class AnyWords { no, yes };
  struct Resolved {
    std::uint32_t term_id;
    float weight;
  };

  /// How many times rarer than everything; 0 for what is everywhere.
  float rarity(float passages_with) const;
  /// The term, when a visible passage has it.
  std::optional<std::uint32_t> find_term(std::string_view stem) const;
  /// The number of visible passages that have it.
  std::size_t passages_with(std::size_t term_id) const;
  bool visible(std::size_t term_id) const;
  std::vector<std::size_t> best_by_words(std::size_t count) const;
  std::vector<Near> best_by_meaning(std::span<const float> meaning, AnyWords any_words) const;
  void resolve();
  void resolve_list(std::size_t at, const std::vector<std::string>& stems, float weight);
  void add_relatives(std::size_t at);
  void add_neighbours(std::size_t at);
  void guess_spelling(std::size_t at);
  void score_term(std::size_t at);
  void count(const Index::Posting& posting, float weight);
  float gain(std::size_t at, std::uint32_t passage) const;
  Hit look_closely(std::size_t passage) const;
  float heading_focus(std::string_view heading) const;
  float window_evidence(std::size_t passage, TermMask outside) const;
  float phrase_share(std::size_t passage) const;
  void order_by_meaning(std::vector<Hit>& hits) const;
  float match_word(std::size_t at, std::uint32_t term_id) const;

  const Index& index_;
  const View& view_;
  Query query_;
  // For each term of the query; its neighbours help to find and say nothing of what was found.
  std::vector<std::vector<Resolved>> resolved_;
  std::vector<std::vector<Resolved>> neighbours_;
  std::vector<float> mass_;
  std::vector<float> score_;        // for each passage
  std::vector<float> reach_;        // the same with the neighbours
  std::vector<TermMask> headings_;  // for each passage: its own heading
  std::vector<TermMask> around_;    // for each passage: its headings and its title
  std::vector<float> frequency_;    // of the term at work, for each passage
  std::vector<bool> counted_;       // of the term at work: counted as having it
  std::vector<std::uint32_t> touched_;
};

/// Whether one inserted, dropped, changed or swapped letter makes one word of the other.
bool one_slip_apart(std::string_view left, std::string_view right);

/// Whether two stems are of one family of words.
bool same_family(std::string_view left, std::string_view right);

}  // namespace chatpad::knowledge
