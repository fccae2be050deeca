#include <array>

#include "functions/shared/safety/matchers.h"

namespace chatpad::safety {
namespace {

constexpr size_t kRunBytes = 40;       // digits and what may stand between them
constexpr size_t kCardDigitsMin = 13;  // ISO/IEC 7812
constexpr size_t kCardDigitsMost = 19;
constexpr size_t kPhoneDigitsMost = 15;  // E.164
constexpr size_t kDobBytes = 32;         // "September 30th, 1987" and what follows

bool in_run(char c) {
  return is_digit(c) || c == ' ' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')' ||
         c == '+';
}

// ISO/IEC 7812-1, annex B.
bool luhn(std::string_view digits) {
  int sum = 0;
  bool twice = false;
  for (size_t i = digits.size(); i-- > 0; twice = !twice) {
    int value = digits[i] - '0';
    if (twice) value = value > 4 ? value * 2 - 9 : value * 2;
    sum += value;
  }
  return sum % 10 == 0;
}

// Networks begin with 2 (from 2221), 3, 4, 5 or 6; the rest is no card of a person.
bool is_card(std::string_view digits) {
  if (digits.size() < kCardDigitsMin || digits.size() > kCardDigitsMost) return false;
  if (digits.find_first_not_of(digits[0]) == std::string_view::npos) return false;
  const bool network =
      (digits[0] >= '3' && digits[0] <= '6') ||
      (digits[0] == '2' && digits.substr(0, 4) >= "2221" && digits.substr(0, 4) <= "2720");
  return network && luhn(digits);
}

// Length of a card number at the start of the run; one blank or hyphen between groups.
size_t card(std::string_view run) {
  std::string digits;
  size_t length = 0;
  for (size_t i = 0; i < run.size() && digits.size() < kCardDigitsMost; ++i) {
    if (!is_digit(run[i])) {
      const bool between =
          (run[i] == ' ' || run[i] == '-') && i + 1 < run.size() && is_digit(run[i + 1]);
      if (!between) break;
      continue;
    }
    digits += run[i];
    const bool group_ends = i + 1 >= run.size() || !is_digit(run[i + 1]);
    if (group_ends && is_card(digits)) length = i + 1;
  }
  return length;
}

// AAA-GG-SSSS with the areas, groups and serials that are given out.
size_t ssn(std::string_view run) {
  if (run.size() < 11 || (run[3] != '-' && run[3] != ' ') || run[6] != run[3]) return 0;
  for (const size_t i : {0, 1, 2, 4, 5, 7, 8, 9, 10}) {
    if (!is_digit(run[i])) return 0;
  }
  if (run.size() > 11 && (is_digit(run[11]) || run[11] == '-')) return 0;
  const std::string_view area = run.substr(0, 3);
  const bool given_out = area != "000" && area != "666" && area[0] != '9' &&
                         run.substr(4, 2) != "00" && run.substr(7, 4) != "0000";
  return given_out ? 11 : 0;
}

// The numbers of a date of three parts at the start of `text`: 31.12.1987, 12/31/1987, 1987-12-31.
size_t date(std::string_view text) {
  std::array<int, 3> values{};
  std::array<size_t, 3> digits{};
  size_t i = 0;
  for (size_t part = 0; part < 3; ++part) {
    if (part > 0) {
      if (i >= text.size() || (text[i] != '.' && text[i] != '/' && text[i] != '-')) return 0;
      ++i;
      if (text[i - 1] == '.' && i < text.size() && text[i] == ' ') ++i;
    }
    for (; i < text.size() && is_digit(text[i]) && digits[part] < 5; ++i, ++digits[part]) {
      values[part] = values[part] * 10 + (text[i] - '0');
    }
    if (digits[part] == 0) return 0;
  }
  const auto year = [&](size_t part) {
    return digits[part] == 4 && values[part] >= 1900 && values[part] <= 2099;
  };
  const auto small = [&](size_t part) {
    return digits[part] <= 2 && values[part] >= 1 && values[part] <= 31;
  };
  const bool fits = (year(0) && small(1) && small(2)) || (small(0) && small(1) && year(2));
  return fits ? i : 0;
}

// "4 May 1987", "4th of May 1987", "4. Mai 1987": a day, a word with letters, a year.
size_t date_in_words(std::string_view text) {
  size_t i = 0;
  const auto digits = [&](size_t most) {
    const size_t start = i;
    while (i < text.size() && is_digit(text[i]) && i - start < most) ++i;
    return i - start;
  };
  if (digits(2) == 0) return 0;
  while (i < text.size() && (is_word(text[i]) || text[i] == '.' || text[i] == ' ') &&
         !is_digit(text[i])) {
    ++i;
  }
  const size_t year = i;
  if (digits(4) != 4) return 0;
  const bool recent = text.substr(year, 2) == "19" || text.substr(year, 2) == "20";
  return recent && year > 4 ? i : 0;
}

// Is birth what it speaks of just before?
bool speaks_of_birth(const Place& place) {
  const size_t from = place.at > kContextBytes ? place.at - kContextBytes : 0;
  const std::string before = lower(place.text.substr(from, place.at - from));
  for (const std::string_view word :
       {"born", "birth", "dob", "d.o.b", "geboren", "geburt", "n\u00e9 ", "n\u00e9e ", "naissance",
        "nacid", "nacimiento", "nato ", "nata ", "nascit", "geboorte", "urodz"}) {
    if (before.find(word) != std::string::npos) return true;
  }
  return false;
}

// Groups of digits with at most two signs between them, ending at a digit.
size_t phone(std::string_view run) {
  std::string digits;
  std::string shape;  // the length of each group
  size_t length = 0;
  size_t between = 0;
  size_t group = 0;
  bool bracket = false;
  for (size_t i = 0; i < run.size(); ++i) {
    if (is_digit(run[i])) {
      if (digits.size() == kPhoneDigitsMost) break;
      digits += run[i];
      between = 0;
      ++group;
      const bool ends = i + 1 >= run.size() || !is_digit(run[i + 1]);
      if (ends) {
        length = i + 1;
        shape += static_cast<char>('0' + group);
        group = 0;
      }
      continue;
    }
    if (run[i] == '+' && i > 0) break;
    bracket = bracket || run[i] == ')';
    if (++between > 2) break;
  }
  const size_t n = digits.size();
  bool fits = false;
  if (run[0] == '+') {
    fits = n >= 8;
  } else if (run[0] == '(') {
    fits = bracket && n >= 7;
  } else if (run[0] == '0') {
    fits = n >= 7 && n <= 13 && shape[0] > '1' && !digits.starts_with("000");
  } else {
    fits = shape == "334" || (shape == "1334" && digits[0] == '1');
  }
  return fits && date(run) == 0 ? length : 0;
}

bool stands_alone(char before) {
  return before == '\0' || is_space(before) || before == '(' || before == ':' || before == ',' ||
         before == ';' || before == '"' || before == '\'' || before == '[' || before == '=' ||
         before == '*' || before == '>';
}

}  // namespace

Verdict match_number(const Place& place, const Wanted& wanted) {
  const char c = place.text[place.at];
  if (!is_digit(c) && c != '+' && c != '(') return nothing();
  if (is_word(place.before()) || place.before() == '+') return nothing();
  size_t end = place.at;
  while (end < place.text.size() && end - place.at < kRunBytes && in_run(place.text[end])) ++end;
  if (place.ends_at(end) && end - place.at < kRunBytes) return open();
  const std::string_view run = place.text.substr(place.at, end - place.at);
  const bool alone = stands_alone(place.before());
  if (wanted.has(Kind::credit_card)) {
    if (const size_t length = card(run)) return found(Kind::credit_card, place, length);
  }
  if (wanted.has(Kind::ssn)) {
    if (const size_t length = ssn(run)) return found(Kind::ssn, place, length);
  }
  if (alone && is_digit(c) && wanted.has(Kind::dob) && speaks_of_birth(place)) {
    if (const size_t length = date(run)) return found(Kind::dob, place, length);
    const std::string_view words = place.text.substr(place.at, kDobBytes);
    const size_t line = std::min(words.find('\n'), words.size());
    if (line == words.size() && place.ends_at(place.at + line) && line < kDobBytes) return open();
    if (const size_t length = date_in_words(words.substr(0, line))) {
      return found(Kind::dob, place, length);
    }
  }
  if (alone && wanted.has(Kind::phone)) {
    if (const size_t length = phone(run)) return found(Kind::phone, place, length);
  }
  return nothing();
}

}  // namespace chatpad::safety
