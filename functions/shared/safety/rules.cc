#include "functions/shared/safety/rules.h"

#include <re2/re2.h>

#include <algorithm>

#include "functions/shared/safety/matchers.h"

namespace chatpad::safety {

struct RuleSet::Compiled {
  std::unique_ptr<re2::RE2> regex;  // of a pattern
  std::string words;                // of a phrase, in small letters
  // Every match lies between these, cut to their length; empty: anything may begin one.
  std::string least, most;
};

namespace {

constexpr int kRangeBytes = 32;

re2::RE2::Options options() {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_longest_match(true);
  options.set_max_mem(kPatternMemoryBytes);
  return options;
}

Error refused(std::string name, const std::string& why) {
  Error error(Errc::validation_failed, PublicText("The rule " + name + " " + why));
  error.details = "safety.dlp.customRegex";
  return error;
}

// Could what begins with `begun` become a match, or hold one at its front?
bool may_become(std::string_view begun, std::string_view least, std::string_view most) {
  if (most.empty()) return true;
  const size_t low = std::min(begun.size(), least.size());
  if (begun.substr(0, low) < least.substr(0, low)) return false;
  const size_t high = std::min(begun.size(), most.size());
  const auto differs =
      std::mismatch(begun.begin(), begun.begin() + static_cast<long>(high), most.begin());
  const auto same = static_cast<size_t>(differs.first - begun.begin());
  if (same == high ||
      static_cast<unsigned char>(*differs.first) < static_cast<unsigned char>(*differs.second)) {
    return true;
  }
  // Beyond the last: only what is shorter than the difference could be one.
  return most.substr(0, same) >= least;
}

size_t phrase_prefix(std::string_view text, std::string_view words) {
  size_t i = 0;
  while (i < words.size() && i < text.size() && lower(text[i]) == words[i]) ++i;
  return i;
}

}  // namespace

RuleSet::RuleSet() = default;
RuleSet::~RuleSet() = default;

std::string_view to_string(Action action) {
  switch (action) {
    case Action::warn:
      return "warn";
    case Action::redact:
      return "redact";
    case Action::block:
      return "block";
  }
  return "warn";
}

Result<std::shared_ptr<const RuleSet>> RuleSet::compile(std::vector<Rule> rules) {
  std::shared_ptr<RuleSet> set(new RuleSet());
  for (const Rule& rule : rules) {
    Compiled compiled;
    if (rule.phrase) {
      compiled.words = lower(rule.pattern);
    } else {
      compiled.regex = std::make_unique<re2::RE2>(rule.pattern, options());
      if (!compiled.regex->ok()) {
        return refused(rule.name,
                       "has a pattern that is not valid: " + compiled.regex->error() + ".");
      }
      if (re2::RE2::FullMatch("", *compiled.regex)) {
        return refused(rule.name, "has a pattern that fits an empty text.");
      }
      if (!compiled.regex->PossibleMatchRange(&compiled.least, &compiled.most, kRangeBytes)) {
        compiled.least.clear();
        compiled.most.clear();
      }
    }
    set->compiled_.push_back(std::move(compiled));
  }
  set->rules_ = std::move(rules);
  return std::shared_ptr<const RuleSet>(std::move(set));
}

RuleSet::Hit RuleSet::ask(const Compiled& compiled, std::string_view text, size_t at,
                          bool whole) const {
  const std::string_view rest = text.substr(at, kRuleWindowBytes);
  const bool ends = at + rest.size() >= text.size() && rest.size() < kRuleWindowBytes && !whole;
  Hit hit;
  if (!compiled.regex) {
    if (at > 0 && is_word(text[at - 1]) && is_word(compiled.words.front())) return hit;
    const size_t length = phrase_prefix(rest, compiled.words);
    if (length < compiled.words.size()) {
      hit.open = length == rest.size() && ends;
      return hit;
    }
    // A word goes on: no match. Nothing known behind it: nobody can say yet.
    if (length == rest.size() && ends) {
      hit.open = true;
    } else if (length == rest.size() || !is_word(rest[length]) || !is_word(compiled.words.back())) {
      hit.length = length;
    }
    return hit;
  }
  if (ends) {
    hit.open = may_become(rest, compiled.least, compiled.most);
    return hit;
  }
  if (!may_become(rest, compiled.least, compiled.most)) return hit;
  re2::StringPiece found;
  const re2::StringPiece all(text.data(), at + rest.size());
  if (compiled.regex->Match(all, at, all.size(), re2::RE2::ANCHOR_START, &found, 1)) {
    hit.length = found.size();
  }
  return hit;
}

RuleSet::Hit RuleSet::at(std::string_view text, size_t at, bool whole) const {
  for (size_t i = 0; i < compiled_.size(); ++i) {
    Hit hit = ask(compiled_[i], text, at, whole);
    if (hit.open) return hit;
    if (hit.length == 0) continue;
    hit.rule = static_cast<int>(i);
    return hit;
  }
  return {};
}

}  // namespace chatpad::safety
