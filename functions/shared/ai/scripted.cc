#include "functions/shared/ai/scripted.h"

namespace chatpad::functions::ai {
namespace {

class ScriptedAnswer : public Answer {
 public:
  ScriptedAnswer(Loop& loop, int token_ms, int tokens)
      : loop_(loop), token_ms_(token_ms), left_(tokens) {
    outcome_.model = "scripted";
    outcome_.provider = "scripted";
    outcome_.output_tokens = tokens;
    outcome_.from_knowledge = true;
  }

  Task<std::optional<std::string>> next() override {
    std::optional<std::string> word;
    if (left_ == 0) co_return word;
    --left_;
    if (token_ms_ > 0) {
      co_await sleep_for(loop_, static_cast<uint64_t>(token_ms_));
    }
    word = "word" + std::to_string(++said_) + " ";
    co_return word;
  }
  Outcome outcome() const override { return outcome_; }

 private:
  Loop& loop_;
  int token_ms_;
  int left_;
  int said_ = 0;
  Outcome outcome_;
};

}  // namespace

std::unique_ptr<Answer> ScriptedProvider::start(Prompt) {
  return std::make_unique<ScriptedAnswer>(loop_, token_ms_, tokens_);
}

}  // namespace chatpad::functions::ai
