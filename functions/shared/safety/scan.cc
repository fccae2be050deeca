#include "functions/shared/safety/scan.h"

#include <array>

#include "functions/shared/safety/matchers.h"

namespace chatpad::safety {
namespace {

// Bytes of the character that begins with `first`; a broken one counts as one.
size_t character_bytes(unsigned char first) {
  if (first < 0xc0) return 1;
  return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
}

bool wants_numbers(const Wanted& wanted) {
  return wanted.has(Kind::ssn) || wanted.has(Kind::credit_card) || wanted.has(Kind::dob) ||
         wanted.has(Kind::phone);
}

Verdict ask_rules(const Place& place, const RuleSet& rules) {
  const RuleSet::Hit hit = rules.at(place.text, place.at, place.whole);
  if (hit.open) return open();
  if (hit.rule < 0) return nothing();
  Verdict verdict = found(Kind::rule, place, hit.length);
  verdict.match.rule = hit.rule;
  return verdict;
}

// The first that is not `nothing`. The order is part of the meaning: a link before the address in
// it.
Verdict ask(const Place& place, const Wanted& wanted) {
  const char c = place.text[place.at];
  Verdict verdict;
  const auto settled = [&](Verdict next) {
    verdict = next;
    return verdict.is != Verdict::Is::nothing;
  };
  if (wanted.rules && settled(ask_rules(place, *wanted.rules))) return verdict;
  // Inside a word, where most of a text is, nothing else begins than words of the instructions.
  if (is_alnum(c) && is_alnum(place.before()) && !wanted.has(Kind::leak)) return verdict;
  if (wanted.has(Kind::link)) {
    if ((c == '!' || c == '[' || c == '<') && settled(match_markup(place))) return verdict;
    if (is_letter(c) && settled(match_url(place))) return verdict;
  }
  if (wanted.has(Kind::secret) && settled(match_secret(place))) return verdict;
  if (wanted.has(Kind::email) && settled(match_email(place))) return verdict;
  if (wants_numbers(wanted) && settled(match_number(place, wanted))) return verdict;
  if (wanted.has(Kind::address) && settled(match_address(place))) return verdict;
  if (wanted.has(Kind::leak) && wanted.instructions &&
      settled(match_leak(place, *wanted.instructions))) {
    return verdict;
  }
  return nothing();
}

}  // namespace

std::string_view to_string(Kind kind) {
  static constexpr std::array<std::string_view, kKinds> names = {
      "ssn",    "credit_card", "dob",  "phone", "email", "address",
      "secret", "image",       "link", "html",  "rule",  "leak"};
  return names[static_cast<size_t>(kind)];
}

bool is_pii(Kind kind) { return kind <= Kind::address; }

Verdict open() {
  Verdict verdict;
  verdict.is = Verdict::Is::open;
  return verdict;
}

Verdict found(Kind kind, const Place& place, size_t length) {
  Verdict verdict;
  verdict.is = Verdict::Is::found;
  verdict.length = length;
  verdict.match.kind = kind;
  verdict.match.text = place.text.substr(place.at, length);
  return verdict;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

Scanner::Scanner(Wanted wanted, Decide decide)
    : wanted_(std::move(wanted)), decide_(std::move(decide)) {}

std::string Scanner::feed(std::string_view piece) {
  if (stopped_) return {};
  if (wanted_.kinds == 0 && !wanted_.rules) return std::string(piece);
  text_ += piece;
  return run(false);
}

std::string Scanner::finish() { return stopped_ ? std::string() : run(true); }

std::string Scanner::run(bool whole) {
  std::string shown;
  while (at_ < text_.size() && !stopped_) {
    const size_t bytes = character_bytes(static_cast<unsigned char>(text_[at_]));
    if (at_ + bytes > text_.size() && !whole) break;
    const Verdict verdict = ask({text_, at_, whole}, wanted_);
    if (verdict.is == Verdict::Is::open) break;
    if (verdict.is == Verdict::Is::nothing) {
      shown.append(text_, at_, bytes);
      at_ = std::min(at_ + bytes, text_.size());
      continue;
    }
    const size_t keep = verdict.match.keep;
    const std::optional<std::string> instead = decide_(verdict.match);
    if (stopped_) break;
    shown.append(text_, at_, instead ? keep : verdict.length);
    if (instead) shown += *instead;
    at_ += verdict.length;
  }
  forget();
  return shown;
}

void Scanner::forget() {
  if (at_ < kDecidedBytes) return;
  const size_t gone = at_ - kContextBytes;
  text_.erase(0, gone);
  at_ -= gone;
}

std::string rewrite(std::string_view text, const Wanted& wanted, const Scanner::Decide& decide) {
  Scanner scanner(wanted, decide);
  std::string out = scanner.feed(text);
  out += scanner.finish();
  return out;
}

std::vector<Match> find_all(std::string_view text, const Wanted& wanted) {
  std::vector<Match> matches;
  rewrite(text, wanted, [&](const Match& match) -> std::optional<std::string> {
    Match seen;
    seen.kind = match.kind;
    seen.rule = match.rule;
    matches.push_back(seen);
    return std::nullopt;
  });
  return matches;
}

}  // namespace chatpad::safety
