// A vector of a text that is made from its letters: no model, no key, no network.
//
// For: vectors.h where no provider of embeddings is set. Words and the pieces of words that they
// share (three and four letters) are hashed into kLexicalWidth numbers, so that "encrypting" is
// near "encrypted" and "cryptsetup". It depends on the text alone: not on other texts, whose words
// would tell of what the asker may not see. The same text has the same vector on every machine.
// Owner: nobody; pure. Errors: none. Limits: kLexicalTokensMax words are read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "functions/shared/text/language.h"

namespace chatpad::knowledge {

constexpr std::size_t kLexicalWidth = 256;
constexpr std::size_t kLexicalTokensMax = 2000;

class LexicalVector {
 public:
  explicit LexicalVector(text::Language language)
      : language_(language), sums_(kLexicalWidth, 0.0F) {}

  /// Adds the words of `piece`, each counting `weight`.
  void add(std::string_view piece, float weight);

  /// What was added; all 0 when there was no word that means anything.
  const std::vector<float>& numbers() const { return sums_; }

 private:
  void add_feature(std::string_view feature, std::uint64_t kind, float weight);

  text::Language language_;
  std::vector<float> sums_;
};

}  // namespace chatpad::knowledge
