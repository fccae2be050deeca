// check_json(): a scanner over the grammar of RFC 8259 with an explicit stack of bits.
#include <bitset>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "runtime/base/check.h"
#include "runtime/wire/json.h"
#include "runtime/wire/utf8.h"

namespace chatpad::wire {
namespace {

constexpr size_t kPlainDigitsMax = 300;  // integers shorter than this are finite without converting

class Scanner {
 public:
  Scanner(std::string_view text, JsonLimits limits) : text_(text), limits_(limits) {}

  // nullptr when the text is one acceptable JSON value.
  const char* run() {
    skip_space();
    for (;;) {
      if (!value()) return why();
      if (opened_) {  // a container has just been entered and is not empty
        opened_ = false;
        continue;
      }
      for (;;) {
        skip_space();
        if (depth_ == 0) return at_ == text_.size() ? nullptr : "something follows it";
        const char c = next();
        if (c == ',') break;
        if (c != (in_object() ? '}' : ']')) return "it is malformed";
        --depth_;
      }
      skip_space();
      if (in_object() && !key()) return why();
    }
  }

 private:
  bool in_object() const { return objects_[static_cast<size_t>(depth_ - 1)]; }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  char next() { return at_ < text_.size() ? text_[at_++] : '\0'; }
  const char* why() const { return why_ ? why_ : "it is malformed"; }
  bool refuse(const char* why) {
    why_ = why;
    return false;
  }
  void skip_space() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return;
      ++at_;
    }
  }

  bool value() {
    switch (peek()) {
      case '{':
        return enter('}');
      case '[':
        return enter(']');
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  bool enter(char closer) {
    if (depth_ >= limits_.depth_max) return refuse("it nests too deep");
    ++at_;
    skip_space();
    if (peek() == closer) {
      ++at_;
      return true;
    }
    objects_[static_cast<size_t>(depth_++)] = closer == '}';
    opened_ = true;
    return closer == ']' || key();
  }

  bool key() {
    if (peek() != '"' || !string()) return false;
    skip_space();
    if (next() != ':') return false;
    skip_space();
    return true;
  }

  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }

  size_t digits() {
    const size_t start = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ - start;
  }

  bool number() {
    const size_t start = at_;
    if (peek() == '-') ++at_;
    const bool zero = peek() == '0';
    const size_t whole = digits();
    if (whole == 0 || (zero && whole > 1)) return false;
    bool has_exponent = false;
    if (peek() == '.') {
      ++at_;
      if (digits() == 0) return false;
    }
    if (peek() == 'e' || peek() == 'E') {
      has_exponent = true;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (digits() == 0) return false;
    }
    if (!has_exponent && whole < kPlainDigitsMax) return true;
    // strtod and not from_chars: it tells too large from too small, and the latter is zero.
    const std::string copy(text_.substr(start, at_ - start));
    return std::isfinite(std::strtod(copy.c_str(), nullptr)) || refuse("a number is too large");
  }

  static bool is_short_escape(char c) {
    return c != '\0' && std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos;
  }

  int hex4() {
    if (text_.size() - at_ < 4) return -1;
    unsigned value = 0;
    const char* first = text_.data() + at_;
    if (std::from_chars(first, first + 4, value, 16).ptr != first + 4) return -1;
    at_ += 4;
    return static_cast<int>(value);
  }

  bool unicode_escape() {
    const int unit = hex4();
    if (unit < 0) return false;
    if (unit == 0 && limits_.nul == NulEscape::refuse) return refuse("a string contains NUL");
    if (unit < 0xd800 || unit > 0xdfff) return true;
    if (unit > 0xdbff) return refuse("a surrogate stands alone");
    if (next() != '\\' || next() != 'u') return refuse("a surrogate stands alone");
    const int low = hex4();
    return (low >= 0xdc00 && low <= 0xdfff) || refuse("a surrogate stands alone");
  }

  bool string() {
    ++at_;
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c < 0x20) return refuse("a string contains a raw control character");
      if (c == '\\') {
        ++at_;
        const char escape = next();
        if (escape == 'u') {
          if (!unicode_escape()) return false;
        } else if (!is_short_escape(escape)) {
          return false;
        }
        continue;
      }
      const size_t size = c < 0x80 ? 1 : utf8_sequence(text_, at_);
      if (size == 0) return refuse("a string is not UTF-8");
      at_ += size;
    }
    return false;
  }

  std::string_view text_;
  JsonLimits limits_;
  size_t at_ = 0;
  int depth_ = 0;
  bool opened_ = false;
  std::bitset<kJsonDepthCeiling> objects_;
  const char* why_ = nullptr;
};

}  // namespace

Result<void> check_json(std::string_view text, JsonLimits limits) {
  CHECK(limits.depth_max <= kJsonDepthCeiling, "a JSON depth limit stays below the ceiling");
  const char* why =
      text.size() > limits.bytes_max ? "it is too large" : Scanner(text, limits).run();
  if (!why) return {};
  return Error(Errc::bad_json, PublicText(std::string("The JSON is not acceptable: ") + why + "."));
}

}  // namespace chatpad::wire
