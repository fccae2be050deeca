// Screens a text for attempts to give the assistant orders (prompt injection).
//
// For: what visitors write, and passages of documents before a model reads them (guard.h). Looks
// through hiding (normalize.h) and reads English, German, French, Spanish, Italian, Portuguese,
// Dutch, Polish, Russian, Turkish, Chinese, Japanese, Korean, Arabic and Hindi. Rules, no model: it
// finds what people are known to try and cannot find everything, which is why the answer has guards
// of its own. Pure; nothing here decides what happens.
// Source: OWASP Top 10 for LLM applications, LLM01.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chatpad::safety {

constexpr int kSuspicious = 30;
constexpr int kAttack = 60;

struct Screening {
  int score = 0;                     // 0..100
  std::vector<std::string> reasons;  // override, reveal, role, delimiter, exfiltrate, tool, hidden
  bool suspicious() const { return score >= kSuspicious; }
  bool attack() const { return score >= kAttack; }
};

Screening screen(std::string_view text);

// The text without the sentences that give orders; what stands there instead says so.
struct Cleaned {
  std::string text;
  size_t removed = 0;  // sentences
};
Cleaned without_orders(std::string_view text);

}  // namespace chatpad::safety
