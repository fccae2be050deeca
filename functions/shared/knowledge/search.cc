#include "functions/shared/knowledge/search.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "functions/shared/knowledge/fuse.h"
#include "functions/shared/knowledge/judge.h"
#include "functions/shared/knowledge/paraphrase.h"
#include "functions/shared/text/tokenize.h"

namespace chatpad::knowledge {

Search::Search(const Index& index, const View& view, Query query)
    : index_(index),
      view_(view),
      query_(std::move(query)),
      resolved_(query_.terms.size()),
      neighbours_(query_.terms.size()),
      mass_(query_.terms.size(), 0.0F),
      score_(index.size(), 0.0F),
      reach_(index.size(), 0.0F),
      headings_(index.size()),
      around_(index.size()),
      frequency_(index.size(), 0.0F),
      counted_(index.size(), false) {}

SearchResult Search::run(std::size_t top_k, std::span<const float> meaning) {
  resolve();
  for (std::size_t i = 0; i < query_.terms.size(); ++i) score_term(i);
  std::vector<std::size_t> candidates = best_by_words(std::max(kRerankMax, top_k));
  const std::vector<Near> near =
      best_by_meaning(meaning, candidates.empty() ? AnyWords::no : AnyWords::yes);
  const std::size_t by_words = candidates.size();
  for (const Near& one : near) {
    const auto end = candidates.begin() + static_cast<std::ptrdiff_t>(by_words);
    if (std::find(candidates.begin(), end, one.row) == end) candidates.push_back(one.row);
  }
  std::vector<Hit> hits;
  hits.reserve(candidates.size());
  for (const std::size_t candidate : candidates) hits.push_back(look_closely(candidate));
  std::stable_sort(hits.begin(), hits.end(),
                   [](const Hit& a, const Hit& b) { return a.reach > b.reach; });
  order_by_meaning(hits);
  if (!near.empty()) hits = fuse(std::move(hits), near);
  if (hits.size() > top_k) hits.resize(top_k);
  return {std::move(hits), std::move(query_), std::move(mass_)};
}

std::vector<std::size_t> Search::best_by_words(std::size_t count) const {
  std::vector<std::size_t> candidates;
  for (std::size_t i = 0; i < reach_.size(); ++i) {
    if (reach_[i] > 0) candidates.push_back(i);
  }
  const auto better = [&](std::size_t a, std::size_t b) {
    return reach_[a] != reach_[b] ? reach_[a] > reach_[b] : a < b;
  };
  const std::size_t close = std::min(candidates.size(), count);
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(close),
                    candidates.end(), better);
  candidates.resize(close);
  return candidates;
}

// By the model's vector where there is one; else by letters, when words have found nothing.
std::vector<Near> Search::best_by_meaning(std::span<const float> meaning,
                                          AnyWords any_words) const {
  if (index_.has_meanings()) {
    return index_.vectors().nearest(meaning, kRerankMax, view_.shown());
  }
  if (any_words == AnyWords::yes) return {};
  LexicalVector vector(index_.language());
  for (const QueryTerm& term : query_.terms) vector.add(term.stem, 1.0F);
  std::vector<Near> near = index_.vectors().nearest(vector.numbers(), kRerankMax, view_.shown());
  std::erase_if(near, [](const Near& one) { return one.similarity < kLexicalLeast; });
  return near;
}

float Search::rarity(float passages_with) const {
  const float all = static_cast<float>(view_.size()) + kBackgroundPassages;
  return std::log(1 + (all - passages_with + 0.5F) / (passages_with + 0.5F));
}

std::size_t Search::passages_with(std::size_t term_id) const {
  const auto postings = index_.postings(static_cast<std::uint32_t>(term_id));
  if (view_.shows_all()) return postings.size();
  return static_cast<std::size_t>(
      std::count_if(postings.begin(), postings.end(),
                    [&](const Index::Posting& posting) { return view_.shows(posting.passage); }));
}

bool Search::visible(std::size_t term_id) const {
  if (view_.shows_all()) return true;
  const auto postings = index_.postings(static_cast<std::uint32_t>(term_id));
  return std::any_of(postings.begin(), postings.end(),
                     [&](const Index::Posting& posting) { return view_.shows(posting.passage); });
}

std::optional<std::uint32_t> Search::find_term(std::string_view stem) const {
  const auto id = index_.find_term(stem);
  return id && visible(*id) ? id : std::nullopt;
}

void Search::resolve() {
  for (std::size_t i = 0; i < query_.terms.size(); ++i) {
    resolve_list(i, {query_.terms[i].stem}, 1.0F);
    resolve_list(i, query_.terms[i].equals, 1.0F);
    resolve_list(i, query_.terms[i].variants, kVariantWeight);
    resolve_list(i, query_.terms[i].akin, kAkinWeight);
    if (query_.terms[i].entity == kNoEntity) add_relatives(i);
    if (resolved_[i].empty()) guess_spelling(i);
    add_neighbours(i);
  }
}

void Search::resolve_list(std::size_t at, const std::vector<std::string>& stems, float weight) {
  for (const std::string& stem : stems) {
    const auto id = find_term(stem);
    if (!id || match_word(at, *id) > 0) continue;
    resolved_[at].push_back({*id, weight});
  }
}

// The vocabulary is sorted: what begins like the word stands together.
void Search::add_relatives(std::size_t at) {
  QueryTerm& term = query_.terms[at];
  const std::string stem = term.stem;
  const std::string_view start = std::string_view(stem).substr(0, kFamilyBytesMin);
  if (start.size() < 2) return;
  std::size_t found = 0;
  for (std::size_t i = index_.lower_bound(start); i < index_.term_count(); ++i) {
    const std::string_view word = index_.term(i);
    if (!word.starts_with(start) || found == kRelativesMax) return;
    const bool compound = word.size() >= stem.size() + kCompoundRestBytesMin &&
                          word.starts_with(stem) && find_term(word.substr(stem.size()));
    if (!compound && !same_family(word, stem)) continue;
    if (!visible(i) || match_word(at, static_cast<std::uint32_t>(i)) > 0) continue;
    term.loose.emplace_back(word);
    resolved_[at].push_back({static_cast<std::uint32_t>(i), kLooseWeight});
    ++found;
  }
}

// What the trained table has near the word; names have no neighbours.
void Search::add_neighbours(std::size_t at) {
  if (!index_.judged() || query_.terms[at].entity != kNoEntity) return;
  const JudgeWords& words = JudgeWords::built_in();
  const JudgeRow row = words.find(query_.terms[at].stem);
  if (row == kNoJudgeRow) return;
  for (std::size_t i = 0; i < kJudgeNeighbours; ++i) {
    const JudgeRow near = words.neighbour(row, i);
    if (near == kNoJudgeRow) return;
    const auto id = find_term(words.stem(near));
    if (id && match_word(at, *id) == 0) neighbours_[at].push_back({*id, kNeighbourWeight});
  }
}

void Search::guess_spelling(std::size_t at) {
  QueryTerm& term = query_.terms[at];
  if (term.stem.size() < kSpellingBytesMin) return;
  // The vocabulary is sorted and a slip in the first letter is rare.
  const std::string_view first = std::string_view(term.stem).substr(0, 1);
  for (std::size_t i = 0; i < index_.term_count(); ++i) {
    const std::string_view word = index_.term(i);
    if (!word.starts_with(first) || !one_slip_apart(word, term.stem)) continue;
    if (!visible(i)) continue;
    term.variants.emplace_back(word);
    resolved_[at].push_back({static_cast<std::uint32_t>(i), kVariantWeight});
    if (resolved_[at].size() == kSpellingCandidatesMax) return;
  }
}

void Search::score_term(std::size_t at) {
  touched_.clear();
  float with = 0;  // passages that speak of it themselves
  for (const Resolved& resolved : resolved_[at]) {
    for (const Index::Posting& posting : index_.postings(resolved.term_id)) {
      const std::uint32_t passage = posting.passage;
      if (!view_.shows(passage)) continue;
      count(posting, resolved.weight);
      TermMask found;
      found.add(at, resolved.weight);
      if (posting.in_heading > 0) headings_[passage] |= found;
      if (posting.in_heading > 0) around_[passage] |= found;
      // What only stands above a passage is a hint: it speaks of all its passages.
      if (posting.in_title > 0) around_[passage].add(at, std::min(resolved.weight, kVariantWeight));
      const bool sure = resolved.weight >= kVariantWeight;
      if (sure && posting.in_heading + posting.in_content > 0 && !counted_[passage]) {
        counted_[passage] = true;
        ++with;
      }
    }
  }
  mass_[at] = query_.terms[at].weight * rarity(with);
  for (const std::uint32_t passage : touched_) score_[passage] += gain(at, passage);
  for (const Resolved& neighbour : neighbours_[at]) {
    for (const Index::Posting& posting : index_.postings(neighbour.term_id)) {
      if (view_.shows(posting.passage)) count(posting, neighbour.weight);
    }
  }
  for (const std::uint32_t passage : touched_) {
    reach_[passage] += gain(at, passage);
    frequency_[passage] = 0;
    counted_[passage] = false;
  }
}

void Search::count(const Index::Posting& posting, float weight) {
  const std::uint32_t passage = posting.passage;
  if (frequency_[passage] == 0) touched_.push_back(passage);
  const float length = static_cast<float>(index_.words(passage).size()) / view_.mean_words();
  const float text = posting.in_content / (1 - kBm25B + kBm25B * length);
  frequency_[passage] +=
      weight * (text + kHeadingBoost * posting.in_heading + kTitleBoost * posting.in_title);
}

// Of the term at work, what the passage gets for it.
float Search::gain(std::size_t at, std::uint32_t passage) const {
  const float frequency = frequency_[passage];
  return mass_[at] * frequency * (kBm25K1 + 1) / (frequency + kBm25K1);
}

float Search::match_word(std::size_t at, std::uint32_t term_id) const {
  for (const Resolved& resolved : resolved_[at]) {
    if (resolved.term_id == term_id) return resolved.weight;
  }
  return 0;
}

Hit Search::look_closely(std::size_t passage) const {
  Hit hit;
  hit.passage = passage;
  hit.heading = coverage(query_, mass_, headings_[passage]);
  hit.opens_section = index_.opens_section(passage);
  hit.evidence = window_evidence(passage, around_[passage]);
  float agreement = 0;
  if (hit.heading > 0) {
    hit.focus = heading_focus(own_heading(index_.passage(passage).heading));
    agreement = 2 * hit.heading * hit.focus / (hit.heading + hit.focus);
  }
  if (hit.heading >= kFocusShareMin) {
    hit.evidence += (1 - hit.evidence) * kFocusEvidence * hit.focus;
  }
  float factor = 1 + kEvidenceBonus * hit.evidence + kHeadingBonus * hit.heading +
                 kFocusBonus * agreement + kPhraseBonus * phrase_share(passage);
  if (!hit.opens_section) factor *= kContinuationFactor;
  if (index_.is_list(passage)) factor *= kListFactor;
  hit.score = factor * score_[passage];
  hit.reach = factor * reach_[passage];
  return hit;
}

// Orders the best kRerankMax by their words and by what they mean; the rest stays behind them.
void Search::order_by_meaning(std::vector<Hit>& hits) const {
  if (!index_.judged() || hits.size() < 2) return;
  const JudgeWords& words = JudgeWords::built_in();
  std::vector<JudgeRow> rows;
  for (const QueryTerm& term : query_.terms) rows.push_back(words.find(term.stem));
  Judge judge(words, rows);
  if (!judge.knows()) return;
  const auto count = static_cast<std::ptrdiff_t>(std::min(hits.size(), kRerankMax));
  const std::vector<Hit> by_words(hits.begin(), hits.begin() + count);
  std::vector<float> scores;
  std::vector<float> near;
  for (const Hit& hit : by_words) {
    rows.clear();
    for (const std::uint32_t word : index_.words(hit.passage)) {
      rows.push_back(word == kStopWord ? kNoJudgeRow : index_.judge_row(word));
    }
    scores.push_back(hit.reach);
    near.push_back(judge.nearness(index_.heading_rows(hit.passage), rows));
  }
  const auto order = judged_order(scores, near, by_words.front().evidence);
  for (std::size_t i = 0; i < order.size(); ++i) hits[i] = by_words[order[i]];
}

float Search::heading_focus(std::string_view heading) const {
  const text::Language language = index_.language();
  float total = 0;
  float found = 0;
  for (const text::Token& token : text::tokenize(heading)) {
    const bool number = token.text.find_first_not_of("0123456789") == std::string::npos;
    if (number || text::is_stop_word(token.text, language)) continue;
    const std::string stem = text::stem(token.text, language);
    const auto id = index_.find_term(stem);
    if (!id) continue;
    float mass = rarity(static_cast<float>(passages_with(*id)));
    if (is_weak_stem(stem, language)) mass *= kWeakWeight;
    float match = 0;
    for (const QueryTerm& term : query_.terms) match = std::max(match, match_stem(term, stem));
    total += mass;
    found += mass * match;
  }
  return total > 0 ? found / total : 0;
}

float Search::window_evidence(std::size_t passage, TermMask outside) const {
  struct Place {
    std::size_t position;
    TermMask mask;
  };
  std::vector<Place> places;
  const auto words = index_.words(passage);
  for (std::size_t position = 0; position < words.size(); ++position) {
    if (words[position] == kStopWord) continue;
    TermMask mask;
    for (std::size_t i = 0; i < query_.terms.size(); ++i) {
      const float weight = match_word(i, words[position]);
      mask.add(i, weight);
    }
    if (mask.any != 0) places.push_back({position, mask});
  }
  float best = coverage(query_, mass_, outside);
  for (std::size_t first = 0; first < places.size(); ++first) {
    TermMask mask = outside;
    for (std::size_t i = first; i < places.size(); ++i) {
      if (places[i].position - places[first].position >= kEvidenceWindowWords) break;
      mask |= places[i].mask;
    }
    best = std::max(best, coverage(query_, mass_, mask));
  }
  return best;
}

// The share of neighbouring pairs of the question that stand side by side in the passage too.
float Search::phrase_share(std::size_t passage) const {
  if (query_.terms.size() < 2) return 0;
  const auto words = index_.words(passage);
  float total = 0;
  float found = 0;
  for (std::size_t i = 0; i + 1 < query_.terms.size(); ++i) {
    const float pair = mass_[i] + mass_[i + 1];
    total += pair;
    for (std::size_t k = 0; k + 1 < words.size(); ++k) {
      if (match_word(i, words[k]) == 0) continue;
      const bool next = match_word(i + 1, words[k + 1]) > 0;
      const bool over = k + 2 < words.size() && match_word(i + 1, words[k + 2]) > 0;
      if (!next && !over) continue;
      found += pair;
      break;
    }
  }
  return total > 0 ? found / total : 0;
}

bool same_family(std::string_view left, std::string_view right) {
  if (left.size() > right.size()) std::swap(left, right);
  return left.size() < right.size() && left.size() >= kFamilyBytesMin && right.starts_with(left) &&
         static_cast<float>(left.size()) >= kFamilyShareMin * static_cast<float>(right.size());
}

bool one_slip_apart(std::string_view left, std::string_view right) {
  if (left.size() > right.size()) std::swap(left, right);
  if (right.size() - left.size() > 1 || left == right) return false;
  std::size_t same = 0;
  while (same < left.size() && left[same] == right[same]) ++same;
  const std::string_view left_rest = left.substr(same);
  const std::string_view right_rest = right.substr(same);
  if (left.size() < right.size()) return left_rest == right_rest.substr(1);
  if (left_rest.substr(1) == right_rest.substr(1)) return true;
  return left_rest.size() >= 2 && left_rest[0] == right_rest[1] && left_rest[1] == right_rest[0] &&
         left_rest.substr(2) == right_rest.substr(2);
}

}  // namespace chatpad::knowledge
