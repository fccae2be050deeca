#include "functions/shared/knowledge/synonyms.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <vector>

namespace chatpad::knowledge {
namespace {

using text::Language;

constexpr std::string_view kTable[] = {
#include "functions/shared/knowledge/wordnet/english.inc"
};

// The words in the texts that the table's letters were counted in.
constexpr float kCountedWords = 258'691.0F;

struct Facts {
  float count = 0;
  std::vector<std::string> stems;
};

struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
};
using FactsMap = std::unordered_map<std::string, Facts, Hash, std::equal_to<>>;

void add_synonym(Facts& facts, const std::string& stem) {
  const bool known = std::find(facts.stems.begin(), facts.stems.end(), stem) != facts.stems.end();
  if (!known && facts.stems.size() < kSynonymsMax) facts.stems.push_back(stem);
}

// "word letter synonym synonym"
void read_line(std::string_view line, FactsMap& map) {
  std::string stem;
  for (std::size_t begin = 0, field = 0; begin < line.size(); ++field) {
    const std::size_t end = std::min(line.find(' ', begin), line.size());
    const std::string_view word = line.substr(begin, end - begin);
    begin = end + 1;
    if (field == 0) {
      stem = text::stem(word, Language::english);
    } else if (field == 1) {
      map[stem].count += std::exp2(static_cast<float>(word.front() - 'a') + 0.5F);
    } else if (const std::string other = text::stem(word, Language::english); other != stem) {
      add_synonym(map[stem], other);
      add_synonym(map[other], stem);
    }
  }
}

FactsMap make_map() {
  FactsMap map;
  for (const std::string_view piece : kTable) {
    for (std::size_t begin = 0; begin < piece.size();) {
      const std::size_t end = std::min(piece.find('\n', begin), piece.size());
      read_line(piece.substr(begin, end - begin), map);
      begin = end + 1;
    }
  }
  return map;
}

const Facts* find_facts(std::string_view stem, Language language) {
  static const FactsMap map = make_map();
  if (language != Language::english) return nullptr;
  const auto found = map.find(stem);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

std::span<const std::string> loose_stems(std::string_view stem, Language language) {
  const Facts* const facts = find_facts(stem, language);
  if (facts == nullptr) return {};
  return facts->stems;
}

float everyday_share(std::string_view stem, Language language) {
  const Facts* const facts = find_facts(stem, language);
  return facts == nullptr ? 0.0F : facts->count / kCountedWords;
}

}  // namespace chatpad::knowledge
