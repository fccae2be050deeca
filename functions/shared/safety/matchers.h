// The matchers of scan.cc. Each says what begins at `at`: nothing, something that further bytes
// decide (never once `whole`), or a match. What it says must not change when bytes are added,
// except from `open`; it looks back kContextBytes at most. Pure.
#pragma once

#include "functions/shared/safety/scan.h"

namespace chatpad::safety {

struct Place {
  std::string_view text;
  size_t at = 0;
  bool whole = false;

  char operator[](size_t i) const { return i < text.size() ? text[i] : '\0'; }
  char before() const { return at > 0 ? text[at - 1] : '\0'; }
  // Nothing beyond is known yet, though something may come.
  bool ends_at(size_t i) const { return i >= text.size() && !whole; }
};

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || is_upper(c); }
inline bool is_alnum(char c) { return is_digit(c) || is_letter(c); }
// Letters of other alphabets count as part of a word.
inline bool is_word(char c) {
  return is_alnum(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
inline bool is_blank(char c) { return c == ' ' || c == '\t'; }
inline bool is_space(char c) { return is_blank(c) || c == '\n' || c == '\r'; }
inline char lower(char c) { return is_upper(c) ? static_cast<char>(c + 32) : c; }
std::string lower(std::string_view text);

inline Verdict nothing() { return {}; }
Verdict open();
Verdict found(Kind kind, const Place& place, size_t length);

Verdict match_number(const Place& place, const Wanted& wanted);  // ssn, card, date of birth, phone
Verdict match_address(const Place& place);                       // a street and a number
Verdict match_email(const Place& place);
Verdict match_secret(const Place& place);
Verdict match_markup(const Place& place);  // image, link, tag
Verdict match_url(const Place& place);
Verdict match_leak(const Place& place, const std::vector<std::string>& instructions);

}  // namespace chatpad::safety
