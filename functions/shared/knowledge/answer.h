// Answers a question with whole sentences of the knowledge itself, or not at all.
//
// For: replies without an AI key, and the honest fallback: when the knowledge does not cover what
// the question is about there is no answer. It never writes a sentence of its own. Greetings and
// thanks belong to small_talk.h; ask it first.
// Owner: nobody; pure. Errors: none; "no answer" is nullopt.
// Limits: kAnswerSentencesMax a part, kQuestionPartsMax parts, kSnippetBytesMax, kQueryBytesMax.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "functions/shared/knowledge/index.h"

namespace chatpad::knowledge {

/// At least this share of what the question is about (its words weighted by rarity) has to stand
/// close together in one passage, its heading included. Below, "I do not know" is the better
/// answer: measured with tests/knowledge, unanswerable questions end below it.
constexpr float kEvidenceMin = 0.5F;

constexpr std::size_t kAnswerSentencesMax = 4;
/// An introduced list ("You need:") may run longer than the sentences.
constexpr std::size_t kAnswerListItemsMax = 6;
/// A shorter answer takes the next sentence along.
constexpr std::size_t kAnswerWordsMin = 30;
/// An answer that begins this soon after the beginning of a section begins with it ("Yes, but
/// ...").
constexpr std::size_t kLeadWordsMax = 30;
/// A second passage is quoted too when it is nearly as good as the first.
constexpr float kSecondScoreMin = 0.8F;
constexpr float kSecondEvidenceMin = 0.6F;
/// "When are you open, and do you ship abroad?": two parts.
constexpr std::size_t kQuestionPartsMax = 3;
constexpr std::size_t kSnippetBytesMax = 480;

struct Citation {
  std::string chunk_id;
  std::string source_id;
  std::string title;
  std::string url;
  std::optional<int> page;
  std::string heading;  // path of the section, may be empty
  std::string snippet;  // whole sentences around the answer, unless the first alone is too long
};

struct Extract {
  std::string text;
  std::vector<Citation> citations;  // one for each passage the text is from, in its order
  float score = 0;                  // 0..1, the evidence of the weakest part's best passage
};

std::optional<Extract> answer(const Index& index, std::string_view question, const View& view);

/// From what everybody may see.
std::optional<Extract> answer(const Index& index, std::string_view question);

}  // namespace chatpad::knowledge
