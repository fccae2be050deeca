// What general English says of a word: how common it is, and what else people say for it.
//
// For: query.h. Beside the small tables of paraphrase.h, which are sure, this one is broad and
// loose: a synonym of one of a word's usual senses, which need not be the sense that is meant.
// English only; every other language answers "unknown".
// Owner: nobody; built on first use, read-only after. Errors: none. Limits: kSynonymsMax a word.
// Source: WordNet 3.0 through wordnet/make_table.pl (docs/decisions/0010-synonyms.md).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "functions/shared/text/language.h"

namespace chatpad::knowledge {

/// A word with more of them means too many things.
constexpr std::size_t kSynonymsMax = 12;

/// Stems that may mean `stem`, itself not among them; often empty.
std::span<const std::string> loose_stems(std::string_view stem, text::Language language);

/// How often a word with content of general texts is this one, 0..1; 0 when it is rare or unknown.
float everyday_share(std::string_view stem, text::Language language);

}  // namespace chatpad::knowledge
