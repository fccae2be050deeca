// Finds what must not stand in a text as it is, in a text that is still being written.
//
// For: every piece of an answer before anybody sees it (guard.h), and whole texts (a visitor's
// message, a line of the log). A Scanner decides byte after byte, in order: nothing begins here, or
// a match begins here and is so long. It holds back only bytes whose fate further ones could
// change: a word that may become an address, digits, an open tag or link. However a text is cut
// into pieces, the result is the same; tests/fuzz/safety_scan_fuzz.cc holds that.
//
// Pure: what happens to a match is the caller's decision (Decide). Owner: one answer.
// Errors: none. Limits: every matcher bounds its match and thereby what is held back; the longest
// is a private key.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "functions/shared/safety/rules.h"

namespace chatpad::safety {

constexpr size_t kContextBytes = 64;      // what a match may look back at
constexpr size_t kDecidedBytes = 512;     // kept of what is decided, until all but the context goes
constexpr size_t kMarkupBytesMax = 2048;  // of a link, an image or a tag

enum class Kind : uint8_t {
  ssn,
  credit_card,
  dob,
  phone,
  email,
  address,
  secret,
  image,  // Markdown or HTML that a page would load by itself
  link,   // a Markdown link or an address of the web
  html,   // any other tag
  rule,   // a rule of the agent's: Match::rule says which
  leak,   // words of the agent's instructions
};
constexpr size_t kKinds = 12;
std::string_view to_string(Kind kind);
bool is_pii(Kind kind);

struct Match {
  Kind kind{};
  std::string_view text;   // as written
  std::string_view label;  // of a link or an image: what stands there instead of the address
  std::string_view url;    // of a link or an image
  size_t keep = 0;         // so many bytes at the front are not part of it ("password: ")
  int rule = -1;
};

// What to look for. Nothing is held back for what is not asked for.
struct Wanted {
  uint32_t kinds = 0;  // bit per Kind
  std::shared_ptr<const RuleSet> rules;
  std::shared_ptr<const std::vector<std::string>> instructions;  // folded words, for Kind::leak
  bool has(Kind kind) const { return (kinds >> static_cast<int>(kind) & 1U) != 0; }
  Wanted& add(Kind kind) {
    kinds |= 1U << static_cast<int>(kind);
    return *this;
  }
};

// What one place of the text is, as far as it is known.
struct Verdict {
  enum class Is : uint8_t { nothing, open, found } is = Is::nothing;
  size_t length = 0;
  Match match;
};

class Scanner {
 public:
  // The text that stands there instead; std::nullopt: it stays. Views end with the call.
  using Decide = std::function<std::optional<std::string>(const Match&)>;

  Scanner(Wanted wanted, Decide decide);
  // What may be shown now. Nothing more after stop().
  std::string feed(std::string_view piece);
  std::string finish();
  void stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }

 private:
  std::string run(bool whole);
  void forget();

  Wanted wanted_;
  Decide decide_;
  std::string text_;  // some bytes that are decided, then those that are not
  size_t at_ = 0;
  bool stopped_ = false;
};

// The same over a text that is there as a whole.
std::string rewrite(std::string_view text, const Wanted& wanted, const Scanner::Decide& decide);
// Only whether and what: the kinds and rules that occur.
std::vector<Match> find_all(std::string_view text, const Wanted& wanted);

}  // namespace chatpad::safety
