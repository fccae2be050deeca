// How near a passage is to a question in meaning, by a trained table of word vectors, and the order
// of a search's best passages that follows from it.
//
// For: search.cc, before a model's vectors take part, if there are any. A text's vector is the sum
// of its words' vectors, each word once; a passage is compared in windows, as one that speaks of
// many things is near none of them on the whole. It only orders what words have found: it finds
// nothing, and scores and evidence, which thresholds look at, stay as they are. Owner: the caller's
// stack.
// Errors: none. Limits: English only; words beyond the table's are not seen; the order of words and
// "not" mean nothing to it.
// Sources: Huang et al., "Learning Deep Structured Semantic Models for Web Search", 2013; Wieting
// et al., "Towards Universal Paraphrastic Sentence Embeddings", 2016.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "functions/shared/knowledge/judge_words.h"

namespace chatpad::knowledge {

/// A window is two steps of so many words, function words counted.
constexpr std::size_t kJudgeStepWords = 25;
/// How much a word of the path of headings counts beside one of the window.
constexpr float kJudgeHeadingWeight = 0.5F;
/// How much nearness counts beside words, when words have covered nothing of the question.
constexpr float kJudgeWeight = 3.0F;

class Judge {
 public:
  /// Of the words of the question; kNoJudgeRow and repeated ones do not count.
  Judge(const JudgeWords& words, std::span<const JudgeRow> question);

  /// Whether the table has a word of the question.
  bool knows() const { return knows_; }

  /// The best cosine of a window, -1..1, with the words of the headings beneath each. `content` has
  /// a kNoJudgeRow for each word that is not in the table. -1 when none is.
  float nearness(std::span<const JudgeRow> heading, std::span<const JudgeRow> content);

 private:
  using Sum = std::array<float, kJudgeDims>;

  float cosine(const Sum& under, const Sum& before, const Sum& here, const Sum& both) const;

  const JudgeWords& words_;
  bool knows_ = false;
  Sum question_{};
  std::uint32_t piece_ = 1;          // the piece of text at work
  std::vector<std::uint32_t> seen_;  // of each row, the last piece that had it
};

/// The places of the candidates, best first. `evidence` is that of the one with the best score:
/// what words have covered of the question is left to them. Equal ones stay in their order.
std::vector<std::size_t> judged_order(std::span<const float> scores,
                                      std::span<const float> nearness, float evidence);

}  // namespace chatpad::knowledge
