// The languages whose words are understood: stop words, stems, and telling them apart.
//
// For: search over a tenant's own texts in English, German or French. Other languages still work,
// word for word, with the English rules. It does not translate.
// Owner: nobody; pure functions. stem() keeps one Snowball stemmer per thread and language.
// Errors: none. Limits: kStemBytesMax; a longer word is its own stem.
// Source: snowballstem.org (library libstemmer).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chatpad::text {

enum class Language { english, german, french };

/// A longer word is an identifier, a key or an attack; its stem would say nothing.
constexpr std::size_t kStemBytesMax = 40;

/// Words read before the language is decided.
constexpr std::size_t kDetectWordsMax = 4000;

/// The language whose stop words occur most; English when nothing decides.
Language detect_language(std::string_view text);

/// `folded` is a token's folded text.
bool is_stop_word(std::string_view folded, Language language);

/// The stem of a folded word; digits and non-Latin words come back unchanged.
std::string stem(std::string_view folded, Language language);

}  // namespace chatpad::text
