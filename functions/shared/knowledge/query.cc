#include "functions/shared/knowledge/query.h"

#include <algorithm>
#include <utility>

#include "functions/shared/knowledge/paraphrase.h"
#include "functions/shared/text/tokenize.h"

namespace chatpad::knowledge {
namespace {

using text::Capital;
using text::Joint;
using text::Language;
using text::Token;

// Whether only a space stands between two tokens: "New York", not "New. York".
bool adjacent(std::string_view question, const Token& left, const Token& right) {
  const std::string_view between = question.substr(left.end, right.begin - left.end);
  return between == " " || between == "-";
}

class QueryBuilder {
 public:
  QueryBuilder(std::string_view question, Language language)
      : question_(question), language_(language), tokens_(text::tokenize(question)) {
    for (const Token& token : tokens_) stems_.push_back(text::stem(token.text, language_));
  }

  Query run() {
    for (std::size_t i = 0; i < tokens_.size() && query_.terms.size() < kQueryTermsMax;) {
      const PhraseMatch phrase =
          match_phrase(std::span<const std::string>(stems_).subspan(i), language_);
      if (phrase.words > 0) {
        add_phrase(phrase);
        i += phrase.words;
      } else {
        add_word(i);
        ++i;
      }
    }
    drop_lonely_entities();
    return std::move(query_);
  }

 private:
  bool known(std::string_view stem) const {
    return std::any_of(query_.terms.begin(), query_.terms.end(),
                       [&](const QueryTerm& term) { return match_stem(term, stem) == 1.0F; });
  }

  void add_phrase(const PhraseMatch& phrase) {
    last_ = kNone;
    if (phrase.stems.empty() || known(phrase.stems.front())) return;
    QueryTerm term;
    term.stem = phrase.stems.front();
    term.weight = is_weak_stem(term.stem, language_) ? kWeakWeight : 1.0F;
    term.equals.assign(phrase.stems.begin() + 1, phrase.stems.end());
    add_similar(term);
    query_.terms.push_back(std::move(term));
  }

  void add_word(std::size_t i) {
    const Token& token = tokens_[i];
    if (text::is_stop_word(token.text, language_)) {
      last_ = kNone;
      return;
    }
    const std::string& stem = stems_[i];
    if (known(stem)) return;
    QueryTerm term;
    term.weight = is_weak_stem(stem, language_) ? kWeakWeight : 1.0F;
    term.stem = stem;
    add_similar(term);
    join_with_last(i, term);
    term.entity = entity_of(i);
    query_.terms.push_back(std::move(term));
    last_ = i;
  }

  void add_similar(QueryTerm& term) {
    for (const std::string& other : similar_stems(term.stem, language_)) {
      if (std::find(term.equals.begin(), term.equals.end(), other) == term.equals.end()) {
        term.variants.push_back(other);
      }
    }
    for (const std::string& other : akin_stems(term.stem, language_)) {
      if (match_stem(term, other) == 0) term.akin.push_back(other);
    }
  }

  // Two neighbours may be one word in the text: "code names", "e-mail", "wi-fi".
  void join_with_last(std::size_t i, QueryTerm& term) {
    if (last_ == kNone || last_ + 1 != i) return;
    if (!adjacent(question_, tokens_[last_], tokens_[i])) return;
    const std::string joined = text::stem(tokens_[last_].text + tokens_[i].text, language_);
    QueryTerm& before = query_.terms.back();
    for (QueryTerm* side : {&before, &term}) {
      side->equals.push_back(joined);
      if (tokens_[i].joint != Joint::hyphen) continue;
      for (const std::string& other : similar_stems(joined, language_)) {
        side->variants.push_back(other);
      }
    }
  }

  bool names_something(std::size_t i) const {
    return i > 0 && tokens_[i].capital == Capital::first && language_ != Language::german;
  }

  int entity_of(std::size_t i) {
    if (!names_something(i)) return kNoEntity;
    const bool follows = last_ != kNone && last_ + 1 == i && names_something(last_) &&
                         adjacent(question_, tokens_[last_], tokens_[i]);
    return follows ? query_.terms.back().entity : next_entity_++;
  }

  void drop_lonely_entities() {
    for (QueryTerm& term : query_.terms) {
      const auto members =
          std::count_if(query_.terms.begin(), query_.terms.end(),
                        [&](const QueryTerm& other) { return other.entity == term.entity; });
      if (members < 2) term.entity = kNoEntity;
    }
  }

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::string_view question_;
  Language language_;
  std::vector<Token> tokens_;
  std::vector<std::string> stems_;
  Query query_;
  std::size_t last_ = kNone;  // the token that made the last term, when it stands right before
  int next_entity_ = 0;
};

}  // namespace

Query make_query(std::string_view question, text::Language language) {
  return QueryBuilder(question.substr(0, kQueryBytesMax), language).run();
}

float match_stem(const QueryTerm& term, std::string_view stem) {
  const auto has = [&](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), stem) != list.end();
  };
  if (term.stem == stem || has(term.equals)) return 1.0F;
  if (has(term.variants)) return kVariantWeight;
  if (has(term.akin)) return kAkinWeight;
  return has(term.loose) ? kLooseWeight : 0.0F;
}

TermMask match_terms(const Query& query, std::string_view piece, Language language) {
  TermMask mask;
  std::string before;
  for (const Token& token : text::tokenize(piece)) {
    const std::string stem = text::stem(token.text, language);
    const std::string joined =
        token.joint == Joint::hyphen ? text::stem(before + token.text, language) : std::string();
    for (std::size_t i = 0; i < query.terms.size(); ++i) {
      float weight = match_stem(query.terms[i], stem);
      if (!joined.empty()) weight = std::max(weight, match_stem(query.terms[i], joined));
      mask.add(i, weight);
    }
    before = token.text;
  }
  return mask;
}

float coverage(const Query& query, std::span<const float> mass, TermMask mask) {
  float total = 0;
  float covered = 0;
  for (std::size_t i = 0; i < query.terms.size(); ++i) {
    total += mass[i];
    bool whole = true;
    for (std::size_t k = 0; k < query.terms.size(); ++k) {
      const int entity = query.terms[i].entity;
      if (entity != kNoEntity && query.terms[k].entity == entity) whole &= (mask.any >> k) & 1U;
    }
    if (!whole) continue;
    if ((mask.exact >> i) & 1U) {
      covered += mass[i];
    } else if ((mask.near >> i) & 1U) {
      covered += mass[i] * kVariantWeight;
    } else if ((mask.any >> i) & 1U) {
      covered += mass[i] * kLooseWeight;
    }
  }
  return total > 0 ? covered / total : 0.0F;
}

}  // namespace chatpad::knowledge
