#include "realtime/changes/filter.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace chatpad::realtime {
namespace {

struct Order {
  bool known = false;
  int sign = 0;
};

Order known(int sign) { return {true, sign}; }
template <class T>
Order of(const T& a, const T& b) {
  return known(a < b ? -1 : a > b ? 1 : 0);
}

Order compare_integers(std::string_view a, std::string_view b) {
  int64_t x = 0;
  int64_t y = 0;
  const auto first = std::from_chars(a.data(), a.data() + a.size(), x);
  const auto second = std::from_chars(b.data(), b.data() + b.size(), y);
  if (first.ec != std::errc() || second.ec != std::errc()) return {};
  return of(x, y);
}

// PostgreSQL: NaN equals itself and is above everything.
Order compare_floats(std::string_view a, std::string_view b) {
  const double x = std::strtod(std::string(a).c_str(), nullptr);
  const double y = std::strtod(std::string(b).c_str(), nullptr);
  if (std::isnan(x) || std::isnan(y)) return of<int>(std::isnan(x), std::isnan(y));
  return of(x, y);
}

// Digits without sign: by length of the whole part, then by digits, then by fraction.
int compare_decimals(std::string_view a, std::string_view b) {
  const auto parts = [](std::string_view text) {
    const size_t dot = std::min(text.find('.'), text.size());
    std::string_view whole = text.substr(0, dot);
    std::string_view rest = dot < text.size() ? text.substr(dot + 1) : std::string_view();
    whole.remove_prefix(std::min(whole.find_first_not_of('0'), whole.size()));
    while (rest.ends_with('0')) rest.remove_suffix(1);
    return std::pair(whole, rest);
  };
  const auto [whole_a, rest_a] = parts(a);
  const auto [whole_b, rest_b] = parts(b);
  if (whole_a.size() != whole_b.size()) return whole_a.size() < whole_b.size() ? -1 : 1;
  if (const int sign = whole_a.compare(whole_b)) return sign;
  return rest_a.compare(rest_b);
}

bool is_decimal(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos;
}

Order compare_numerics(std::string_view a, std::string_view b) {
  const bool minus_a = a.starts_with('-');
  const bool minus_b = b.starts_with('-');
  const std::string_view x = a.substr(minus_a ? 1 : 0);
  const std::string_view y = b.substr(minus_b ? 1 : 0);
  if (!is_decimal(x) || !is_decimal(y)) return compare_floats(a, b);  // NaN, Infinity
  if (minus_a != minus_b) {
    if (compare_decimals(x, "0") == 0 && compare_decimals(y, "0") == 0) return known(0);
    return known(minus_a ? -1 : 1);
  }
  const int sign = compare_decimals(x, y);
  return known(minus_a ? -sign : sign);
}

// ISO text in UTC. The year may have more than four digits, or be BC, or there is infinity.
Order compare_times(std::string_view a, std::string_view b) {
  struct Parts {
    int64_t year;
    std::string rest;
  };
  const auto parts = [](std::string_view text) {
    if (text.starts_with("infinity")) return Parts{INT64_MAX, ""};
    if (text.starts_with("-infinity")) return Parts{INT64_MIN, ""};
    const bool before_christ = text.ends_with(" BC");
    if (before_christ) text.remove_suffix(3);
    if (text.ends_with("+00")) text.remove_suffix(3);
    Parts out{0, ""};
    const size_t dash = std::min(text.find('-'), text.size());
    std::from_chars(text.data(), text.data() + dash, out.year);
    if (before_christ) out.year = 1 - out.year;
    out.rest = text.substr(dash);
    return out;
  };
  const Parts x = parts(a);
  const Parts y = parts(b);
  if (x.year != y.year) return of(x.year, y.year);
  return of(x.rest, y.rest);
}

std::string_view unpadded(std::string_view text) {
  const size_t last = text.find_last_not_of(' ');
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

Order compare(TypeKind kind, std::string_view a, std::string_view b) {
  switch (kind) {
    case TypeKind::integer:
      return compare_integers(a, b);
    case TypeKind::floating:
      return compare_floats(a, b);
    case TypeKind::numeric:
      return compare_numerics(a, b);
    case TypeKind::boolean:
    case TypeKind::uuid:
      return of(a, b);
    case TypeKind::date:
    case TypeKind::timestamp:
    case TypeKind::timestamptz:
      return compare_times(a, b);
    default:
      return {};
  }
}

// Equality where bytes tell but order does not. Only deterministic collations are assumed: text
// that is equal is equal by bytes.
Order equality(TypeKind kind, std::string_view a, std::string_view b) {
  switch (kind) {
    case TypeKind::text:
    case TypeKind::label:
      return known(a == b ? 0 : 1);
    case TypeKind::padded_text:
      return known(unpadded(a) == unpadded(b) ? 0 : 1);
    default:
      return compare(kind, a, b);
  }
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

Answer answer(bool holds) { return holds ? Answer::yes : Answer::no; }

// What like() may cost on the loop, in steps; a dearer one is PostgreSQL's to answer.
constexpr size_t kLikeStepsMax = 4 * 1024 * 1024;

bool is_cheap(std::string_view text, std::string_view pattern) {
  return (text.size() + 1) * (pattern.size() + 1) <= kLikeStepsMax;
}

Answer bare_match(const Condition& condition, const ColumnType& type, std::string_view text) {
  const std::string_view value = condition.values.front();
  switch (condition.op) {
    case FilterOp::eq:
    case FilterOp::neq:
    case FilterOp::isdistinct: {
      const Order order = equality(type.kind, text, value);
      if (!order.known) return Answer::ask;
      return answer((order.sign == 0) == (condition.op == FilterOp::eq));
    }
    case FilterOp::in:
      for (const std::string& one : condition.values) {
        const Order order = equality(type.kind, text, one);
        if (!order.known) return Answer::ask;
        if (order.sign == 0) return Answer::yes;
      }
      return Answer::no;
    case FilterOp::like:
      if (!is_cheap(text, value)) return Answer::ask;
      return type.kind == TypeKind::text ? answer(like(text, value)) : Answer::ask;
    case FilterOp::ilike:
      if (type.kind != TypeKind::text || !is_cheap(text, value)) return Answer::ask;
      if (!is_ascii(text) || !is_ascii(value)) return Answer::ask;
      return answer(like(lower(text), lower(value)));
    case FilterOp::match:
    case FilterOp::imatch:
      return Answer::ask;
    default:
      break;
  }
  const Order order = compare(type.kind, text, value);
  if (!order.known) return Answer::ask;
  if (order.sign == 0) {
    return answer(condition.op == FilterOp::lte || condition.op == FilterOp::gte);
  }
  const bool below = condition.op == FilterOp::lt || condition.op == FilterOp::lte;
  return answer((order.sign < 0) == below);
}

}  // namespace

Answer matches(const Condition& condition, const ColumnType& type,
               std::optional<std::string_view> text) {
  const bool wanted = condition.negated == Negated::no;
  if (condition.op == FilterOp::is) {
    const std::string_view value = condition.values.front();
    bool holds = !text && (value == "null" || value == "unknown");
    if (text && value == "true") holds = *text == "t";
    if (text && value == "false") holds = *text == "f";
    return answer(holds == wanted);
  }
  if (condition.is_null) return answer(text.has_value() == wanted);
  if (!text) return answer(condition.op == FilterOp::isdistinct && wanted);
  const Answer bare = bare_match(condition, type, *text);
  return bare == Answer::ask ? bare : answer((bare == Answer::yes) == wanted);
}

// Greedy with one point to come back to: no recursion, at most text x pattern steps.
bool like(std::string_view text, std::string_view pattern) {
  size_t t = 0;
  size_t p = 0;
  size_t star = std::string_view::npos;
  size_t mark = 0;
  const auto next_character = [&text](size_t at) {
    ++at;
    while (at < text.size() && (static_cast<uint8_t>(text[at]) & 0xC0) == 0x80) ++at;
    return at;
  };
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      star = ++p;
      mark = t;
      continue;
    }
    if (p < pattern.size() && pattern[p] == '_') {
      ++p;
      t = next_character(t);
      continue;
    }
    const bool escaped = p + 1 < pattern.size() && pattern[p] == '\\';
    const size_t literal = escaped ? p + 1 : p;
    if (literal < pattern.size() && pattern[literal] == text[t]) {
      p = literal + 1;
      ++t;
      continue;
    }
    if (star == std::string_view::npos) return false;
    p = star;
    t = mark = next_character(mark);
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

}  // namespace chatpad::realtime
