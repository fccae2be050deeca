#include "functions/shared/ai/extractive.h"

#include "functions/shared/ai/searched.h"
#include "functions/shared/knowledge/answer.h"
#include "functions/shared/knowledge/small_talk.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::ai {
namespace {

std::string citations_json(const std::vector<chatpad::knowledge::Citation>& citations) {
  wire::JsonWriter out;
  out.array();
  for (const chatpad::knowledge::Citation& citation : citations) {
    out.object()
        .field("sourceId", citation.source_id)
        .field("title", citation.title)
        .field("url", citation.url)
        .field("page", citation.page)
        .field("snippet", citation.snippet)
        .end();
  }
  out.end();
  return std::move(out).str();
}

std::optional<chatpad::knowledge::Extract> extract_of(const Prompt& prompt) {
  if (prompt.found && prompt.found->has_extract) return prompt.found->extract;
  const chatpad::knowledge::View view(*prompt.knowledge, prompt.audience);
  return chatpad::knowledge::answer(*prompt.knowledge, prompt.question, view);
}

// The whole answer is known at once; it is handed out word group by word group so that a stream
// looks and behaves like any other provider's.
class ExtractiveAnswer : public Answer {
 public:
  explicit ExtractiveAnswer(const Prompt& prompt) {
    outcome_.model = "extractive";
    outcome_.cost_micros = 0;
    if (const auto kind = chatpad::knowledge::small_talk(prompt.question)) {
      const auto language =
          prompt.knowledge ? prompt.knowledge->language() : text::Language::english;
      text_ = chatpad::knowledge::small_talk_reply(*kind, language);
      return;
    }
    if (prompt.knowledge) {
      const auto extract = extract_of(prompt);
      if (extract) {
        text_ = extract->text;
        outcome_.citations_json = citations_json(extract->citations);
        outcome_.from_knowledge = true;
        return;
      }
    }
    text_ = prompt.fallback_message;
  }

  Task<std::optional<std::string>> next() override {
    std::optional<std::string> piece;
    if (at_ >= text_.size()) co_return piece;
    const size_t start = at_;
    // Up to the blank after a few words; never inside a character.
    at_ = std::min(text_.size(), at_ + kPieceBytesMin);
    while (at_ < text_.size() && text_[at_ - 1] != ' ' && text_[at_ - 1] != '\n') ++at_;
    piece = text_.substr(start, at_ - start);
    co_return piece;
  }
  Outcome outcome() const override { return outcome_; }

 private:
  static constexpr size_t kPieceBytesMin = 24;
  std::string text_;
  size_t at_ = 0;
  Outcome outcome_;
};

}  // namespace

std::unique_ptr<Answer> ExtractiveProvider::start(Prompt prompt) {
  return std::make_unique<ExtractiveAnswer>(prompt);
}

}  // namespace chatpad::functions::ai
