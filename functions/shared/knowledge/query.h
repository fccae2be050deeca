// A question, taken apart into the terms worth looking for.
//
// For: Index::search and answer(). Drops function words, marks words that carry little, adds
// paraphrases and joined compounds ("code names": codenames), and keeps names of several words
// together ("New York" is not answered by "York"). It knows nothing of any index.
// Owner: nobody; pure. Errors: none. Limits: kQueryTermsMax, kQueryBytesMax; the rest is ignored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "functions/shared/text/language.h"

namespace chatpad::knowledge {

/// Terms fit a 32-bit mask; people do not ask with more.
constexpr std::size_t kQueryTermsMax = 32;
/// What is read of a message.
constexpr std::size_t kQueryBytesMax = 4096;

/// How much a word such as "find" or "use" counts beside a word with content.
constexpr float kWeakWeight = 0.3F;
/// How much a paraphrase in the text counts beside the word itself.
constexpr float kVariantWeight = 0.8F;
/// How much a word that is near it counts.
constexpr float kAkinWeight = 0.65F;
/// How much a word of the same family, or a compound with it, counts.
constexpr float kLooseWeight = 0.3F;
/// How much one counts that a table of trained words has near it. No evidence: it only helps to
/// find.
constexpr float kNeighbourWeight = 0.2F;

constexpr int kNoEntity = -1;

struct QueryTerm {
  std::string stem;
  float weight = 1.0F;
  std::vector<std::string> variants;  // stems that count kVariantWeight
  std::vector<std::string> equals;    // other spellings that count in full
  std::vector<std::string> akin;      // stems that count kAkinWeight
  std::vector<std::string> loose;     // stems that count kLooseWeight
  int entity = kNoEntity;             // terms with one number are one name: all of them or none
};

struct Query {
  std::vector<QueryTerm> terms;  // in the order of the question, no stem twice
};

Query make_query(std::string_view question, text::Language language);

/// Which terms of a query a piece of text has: bit i is term i.
struct TermMask {
  std::uint32_t exact = 0;  // the word itself or another spelling
  std::uint32_t near = 0;   // those and paraphrases
  std::uint32_t any = 0;    // those and loose relatives

  /// Term `at` was matched with this weight (match_stem()).
  void add(std::size_t at, float weight) {
    const std::uint32_t bit = 1U << at;
    if (weight == 1.0F) exact |= bit;
    if (weight >= kVariantWeight) near |= bit;
    if (weight > 0) any |= bit;
  }

  TermMask& operator|=(TermMask other) {
    exact |= other.exact;
    near |= other.near;
    any |= other.any;
    return *this;
  }
};

/// 0: not this term, 1: the word itself, kVariantWeight: a paraphrase, kAkinWeight: a word near it,
/// kLooseWeight: a relative.
float match_stem(const QueryTerm& term, std::string_view stem);

TermMask match_terms(const Query& query, std::string_view piece, text::Language language);

/// The share of the query's mass (one number a term) that the mask covers, 0..1.
float coverage(const Query& query, std::span<const float> mass, TermMask mask);

}  // namespace chatpad::knowledge
