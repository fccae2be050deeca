#include "functions/shared/knowledge/answer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "functions/shared/knowledge/excerpt.h"
#include "functions/shared/text/fold.h"
#include "functions/shared/text/sentences.h"
#include "functions/shared/text/tokenize.h"

namespace chatpad::knowledge {
namespace {

// Passages that are looked at for one question.
constexpr std::size_t kCandidates = 12;
// What it adds to a passage that its best sentences hold the sort of thing that was asked for.
constexpr float kFitBonus = 0.3F;

struct Part {
  std::size_t passage;
  Excerpt excerpt;
  float evidence;
  float score;
};

// The best by score. The order of a search is by meaning too (judge.h), which says nothing of
// whether a sentence that is quoted answers: measured with tests/knowledge, it answers no more.
SearchResult search_by_score(const Index& index, std::string_view question, const View& view) {
  SearchResult found = index.search(question, kRerankMax, view);
  std::stable_sort(found.hits.begin(), found.hits.end(),
                   [](const Hit& a, const Hit& b) { return a.score > b.score; });
  if (found.hits.size() > kCandidates) found.hits.resize(kCandidates);
  return found;
}

// The best passage that covers the question, and the next one when it is nearly as good.
std::vector<Part> answer_part(const Index& index, std::string_view question, const View& view) {
  const SearchResult found = search_by_score(index, question, view);
  const AnswerKind kind = expected_kind(question);
  std::vector<Part> parts;
  for (const Hit& hit : found.hits) {
    if (hit.evidence < kEvidenceMin) continue;
    Excerpt excerpt = best_excerpt(found, hit, index.passage(hit.passage), index.language(), kind);
    const float score = hit.score * (1 + kFitBonus * excerpt.fits);
    parts.push_back({hit.passage, std::move(excerpt), hit.evidence, score});
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Part& a, const Part& b) { return a.score > b.score; });
  if (parts.size() > 2) parts.erase(parts.begin() + 2, parts.end());
  if (parts.size() == 2 && (parts[1].score < parts[0].score * kSecondScoreMin ||
                            parts[1].evidence < kSecondEvidenceMin)) {
    parts.pop_back();
  }
  return parts;
}

// Words that open a question of its own after "and".
bool opens_question(std::string_view rest) {
  static constexpr std::array<std::string_view, 32> openers = {
      "what",  "when",   "where", "who",     "which", "how", "why",    "do",
      "does",  "did",    "can",   "could",   "is",    "are", "may",    "will",
      "would", "should", "wann",  "wo",      "wie",   "was", "wer",    "kann",
      "gibt",  "quand",  "ou",    "comment", "quel",  "est", "pouvez", "combien"};
  const auto tokens = text::tokenize(rest, 1);
  return !tokens.empty() &&
         std::find(openers.begin(), openers.end(), tokens.front().text) != openers.end();
}

void split_at_and(std::string_view question, std::vector<std::string_view>& parts) {
  for (const std::string_view word : {" and ", " und ", " et "}) {
    const std::size_t at = question.find(word);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = question.substr(at + word.size());
    if (!opens_question(rest)) continue;
    parts.push_back(question.substr(0, at));
    parts.push_back(rest);
    return;
  }
  parts.push_back(question);
}

// What is asked, without what is only told; empty when nothing ends in a question mark.
std::vector<std::string_view> question_parts(std::string_view message) {
  std::vector<std::string_view> parts;
  for (const text::Span& span : text::split_sentences(message)) {
    const std::string_view sentence = span.of(message);
    if (sentence.ends_with('?')) split_at_and(sentence, parts);
  }
  if (parts.size() > kQuestionPartsMax) parts.resize(kQuestionPartsMax);
  return parts;
}

void add_part(Extract& extract, const Index& index, Part part) {
  if (extract.text.find(part.excerpt.text) != std::string::npos) return;
  const Passage& passage = index.passage(part.passage);
  const bool cited = std::any_of(
      extract.citations.begin(), extract.citations.end(), [&](const Citation& citation) {
        return citation.chunk_id == passage.chunk_id && citation.source_id == passage.source_id;
      });
  if (!cited) {
    extract.citations.push_back({passage.chunk_id, passage.source_id, passage.title, passage.url,
                                 passage.page, passage.heading, std::move(part.excerpt.snippet)});
  }
  if (!extract.text.empty()) extract.text += "\n\n";
  extract.text += part.excerpt.text;
}

void add_parts(Extract& extract, const Index& index, std::vector<Part> parts) {
  if (parts.empty()) return;
  const float evidence = parts.front().evidence;
  extract.score = extract.text.empty() ? evidence : std::min(extract.score, evidence);
  for (Part& part : parts) add_part(extract, index, std::move(part));
}

}  // namespace

std::optional<Extract> answer(const Index& index, std::string_view question, const View& view) {
  const std::string_view message = question.substr(0, kQueryBytesMax);
  const std::vector<std::string_view> parts = question_parts(message);
  Extract extract;
  if (parts.size() > 1) {
    for (const std::string_view part : parts) {
      std::vector<Part> found = answer_part(index, part, view);
      if (found.size() > 1) found.erase(found.begin() + 1, found.end());
      add_parts(extract, index, std::move(found));
    }
  }
  if (extract.text.empty()) add_parts(extract, index, answer_part(index, message, view));
  if (extract.text.empty() && parts.size() == 1 && parts.front().size() < message.size()) {
    add_parts(extract, index, answer_part(index, parts.front(), view));
  }
  if (extract.text.empty()) return std::nullopt;
  return extract;
}

std::optional<Extract> answer(const Index& index, std::string_view question) {
  return answer(index, question, View(index, Audience()));
}

}  // namespace chatpad::knowledge
