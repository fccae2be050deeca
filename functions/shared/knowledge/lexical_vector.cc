#include "functions/shared/knowledge/lexical_vector.h"

#include <string>

#include "functions/shared/text/tokenize.h"

namespace chatpad::knowledge {
namespace {

// How much a piece of a word counts beside the word.
constexpr float kPieceWeight = 0.35F;
constexpr std::size_t kPieceBytesMin = 3;
constexpr std::size_t kPieceBytesMax = 4;
constexpr std::uint64_t kWord = 1;
constexpr std::uint64_t kPiece = 2;

// FNV-1a, then mixed: the same on every machine.
std::uint64_t hash_of(std::string_view feature, std::uint64_t kind) {
  std::uint64_t hash = 0xCBF29CE484222325ULL ^ kind;
  for (const char c : feature) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001B3ULL;
  }
  hash ^= hash >> 33;
  hash *= 0xFF51AFD7ED558CCDULL;
  return hash ^ (hash >> 33);
}

}  // namespace

void LexicalVector::add(std::string_view piece, float weight) {
  for (const text::Token& token : text::tokenize(piece, kLexicalTokensMax)) {
    if (text::is_stop_word(token.text, language_)) continue;
    const std::string stem = text::stem(token.text, language_);
    add_feature(stem, kWord, weight);
    const std::string whole = "<" + stem + ">";
    for (std::size_t size = kPieceBytesMin; size <= kPieceBytesMax; ++size) {
      for (std::size_t i = 0; i + size <= whole.size(); ++i) {
        add_feature(std::string_view(whole).substr(i, size), kPiece, weight * kPieceWeight);
      }
    }
  }
}

void LexicalVector::add_feature(std::string_view feature, std::uint64_t kind, float weight) {
  const std::uint64_t hash = hash_of(feature, kind);
  sums_[hash % kLexicalWidth] += (hash >> 63) == 0 ? weight : -weight;
}

}  // namespace chatpad::knowledge
