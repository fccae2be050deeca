// The rules an agent has of its own: phrases and regular expressions (RE2, so no pattern takes more
// than linear time), with what is to happen when one is met.
//
// For: policy.h compiles them when settings are saved or read; scan.h asks them. Immutable, shared.
// Errors: compile() refuses a pattern that RE2 refuses, that needs more than kPatternMemoryBytes or
// that fits an empty text. Limits: below. A match is at most kRuleWindowBytes long.
// Uses Debian's RE2 (docs/decisions/0007-kept-libraries.md), which no header includes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"

namespace chatpad::safety {

constexpr size_t kRulesMax = 50;
constexpr size_t kPatternCharsMax = 200;
constexpr size_t kRuleWindowBytes = 256;
constexpr int64_t kPatternMemoryBytes = 256 * 1024;

enum class Action : uint8_t { warn, redact, block };
std::string_view to_string(Action action);

struct Rule {
  std::string name;
  std::string pattern;  // a regular expression, or the words of a phrase
  bool phrase = false;
  Action action = Action::warn;
};

class RuleSet {
 public:
  static Result<std::shared_ptr<const RuleSet>> compile(std::vector<Rule> rules);
  ~RuleSet();
  RuleSet(const RuleSet&) = delete;
  RuleSet& operator=(const RuleSet&) = delete;

  const Rule& rule(int index) const { return rules_[static_cast<size_t>(index)]; }
  bool empty() const { return rules_.empty(); }

  struct Hit {
    int rule = -1;      // -1: none
    size_t length = 0;  // of it
    bool open = false;  // further bytes may make a match
  };
  // What fits at `at`; the longest of the first rule that fits.
  Hit at(std::string_view text, size_t at, bool whole) const;

 private:
  RuleSet();
  struct Compiled;
  Hit ask(const Compiled& compiled, std::string_view text, size_t at, bool whole) const;
  std::vector<Rule> rules_;
  std::vector<Compiled> compiled_;
};

}  // namespace chatpad::safety
