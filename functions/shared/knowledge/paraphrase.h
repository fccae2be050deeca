// Small generic tables of paraphrases: different words a visitor and a text use for one thing.
//
// For: widening a question before it meets the index (query.h). The tables hold everyday words of
// shops, services, offices and software, nothing about any tenant's texts.
// Owner: nobody; built once per language on first use, read-only after. Errors: none.
// Limits: fixed tables; a word has few variants.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "functions/shared/text/language.h"

namespace chatpad::knowledge {

/// Stems that mean nearly the same as `stem`, itself not among them; often empty.
std::span<const std::string> similar_stems(std::string_view stem, text::Language language);

/// Stems that are near it (akin.h).
std::span<const std::string> akin_stems(std::string_view stem, text::Language language);

/// A phrase of several words that means one thing ("get rid of": remove).
struct PhraseMatch {
  std::size_t words = 0;  // how many words it took; 0: no phrase starts here
  std::span<const std::string> stems;
};

/// Looks for the longest known phrase at the start of `stems`, every word of a text stemmed.
PhraseMatch match_phrase(std::span<const std::string> stems, text::Language language);

/// Words that carry little on their own in a question ("find", "use", "way"); by stem.
bool is_weak_stem(std::string_view stem, text::Language language);

}  // namespace chatpad::knowledge
