#include "functions/shared/safety/normalize.h"

#include <algorithm>
#include <array>
#include <utility>

#include "functions/shared/safety/matchers.h"
#include "functions/shared/text/fold.h"
#include "runtime/wire/utf8.h"

namespace chatpad::safety {
namespace {

constexpr size_t kEncodedBytesMin = 16;
constexpr int kDepth = 2;

using wire::append_utf8;

bool is_invisible(char32_t c) {
  return c == 0xad || c == 0x34f || c == 0x61c || c == 0x115f || c == 0x1160 || c == 0x17b4 ||
         c == 0x17b5 || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0x3164 ||
         (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff || (c >= 0xe0100 && c <= 0xe01ef);
}

bool is_gap(char32_t c) {
  return c <= 0x20 || c == 0xa0 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
         c == 0x202f || c == 0x205f || c == 0x3000;
}

// Letters drawn like Latin ones (Unicode's confusables, those that occur in words).
constexpr std::array<std::pair<char32_t, char>, 46> kLookAlikes = {
    {{0x430, 'a'}, {0x435, 'e'}, {0x43e, 'o'}, {0x440, 'p'}, {0x441, 'c'}, {0x443, 'y'},
     {0x445, 'x'}, {0x456, 'i'}, {0x458, 'j'}, {0x455, 's'}, {0x501, 'd'}, {0x4bb, 'h'},
     {0x51b, 'q'}, {0x51d, 'w'}, {0x457, 'i'}, {0x43c, 'm'}, {0x43d, 'h'}, {0x442, 't'},
     {0x432, 'b'}, {0x43a, 'k'}, {0x3b1, 'a'}, {0x3b5, 'e'}, {0x3bf, 'o'}, {0x3c1, 'p'},
     {0x3bd, 'v'}, {0x3b9, 'i'}, {0x3ba, 'k'}, {0x3c4, 't'}, {0x3c5, 'u'}, {0x3c7, 'x'},
     {0x3b3, 'y'}, {0x3c9, 'w'}, {0x3b7, 'n'}, {0x261, 'g'}, {0x131, 'i'}, {0x1c3, '!'},
     {0x410, 'a'}, {0x415, 'e'}, {0x41e, 'o'}, {0x420, 'p'}, {0x421, 'c'}, {0x425, 'x'},
     {0x41c, 'm'}, {0x422, 't'}, {0x412, 'b'}, {0x406, 'i'}}};

// Full-width, mathematical and enclosed letters as the plain ones; 0: it is none.
char plain_letter(char32_t c) {
  if (c >= 0xff21 && c <= 0xff3a) return static_cast<char>('a' + (c - 0xff21));
  if (c >= 0xff41 && c <= 0xff5a) return static_cast<char>('a' + (c - 0xff41));
  if (c >= 0x1d400 && c <= 0x1d6a3) return static_cast<char>('a' + (c - 0x1d400) % 26);
  if (c >= 0x24b6 && c <= 0x24cf) return static_cast<char>('a' + (c - 0x24b6));
  if (c >= 0x24d0 && c <= 0x24e9) return static_cast<char>('a' + (c - 0x24d0));
  if (c >= 0x1f130 && c <= 0x1f149) return static_cast<char>('a' + (c - 0x1f130));
  return 0;
}

struct Seen {
  std::string text;
  std::string unmasked;  // with look-alikes as Latin letters
  bool hidden = false;   // it held what nobody sees
};

char32_t small(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
  if ((c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3a9) ||
      (c >= 0x410 && c <= 0x42f))
    return c + 32;
  return c >= 0x400 && c <= 0x40f ? c + 80 : c;
}

Seen see(std::string_view text) {
  Seen seen;
  bool gap = false;
  for (size_t i = 0; i < text.size();) {
    const text::CodePoint point = text::decode_utf8(text, i);
    i += point.size_bytes;
    char32_t c = point.value;
    if (c >= 0xe0020 && c <= 0xe007e) {  // tag characters
      c -= 0xe0000;
      seen.hidden = true;
    } else if (c == 0xe0001 || c == 0xe007f) {
      continue;
    } else if (is_invisible(c)) {
      // Joined letters and pictures need some of them; between plain letters they hide words.
      if (i < text.size() && is_letter(text[i])) seen.hidden = true;
      continue;
    }
    if (is_gap(c)) {
      gap = !seen.text.empty();
      continue;
    }
    if (gap) {
      seen.text += ' ';
      seen.unmasked += ' ';
    }
    gap = false;
    if (const char plain = plain_letter(c)) {
      c = static_cast<char32_t>(plain);
      seen.hidden = true;
    }
    c = small(c);
    append_utf8(seen.text, c);
    const auto alike = std::find_if(kLookAlikes.begin(), kLookAlikes.end(),
                                    [&](const auto& pair) { return pair.first == c; });
    append_utf8(seen.unmasked,
                alike == kLookAlikes.end() ? c : static_cast<char32_t>(alike->second));
  }
  return seen;
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int base64_value(char c) {
  if (is_upper(c)) return c - 'A';
  if (is_letter(c)) return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  return c == '/' || c == '_' ? 63 : -1;
}

std::string from_base64(std::string_view run) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : run) {
    const int value = base64_value(c);
    if (value < 0) break;
    bits = bits << 6 | static_cast<uint32_t>(value);
    if ((count += 6) < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xff);
  }
  return out;
}

std::string from_hex(std::string_view run) {
  std::string out;
  for (size_t i = 0; i + 1 < run.size(); i += 2) {
    out += static_cast<char>(hex_value(run[i]) * 16 + hex_value(run[i + 1]));
  }
  return out;
}

// Most of it are letters and blanks: somebody's words, not noise.
bool reads_like_text(std::string_view text) {
  if (text.size() < 8) return false;
  const auto good = std::count_if(text.begin(), text.end(), [](char c) {
    return is_letter(c) || c == ' ' || static_cast<unsigned char>(c) >= 0xc2;
  });
  const auto bad = std::count_if(text.begin(), text.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 9; });
  return bad == 0 && static_cast<size_t>(good) * 10 >= text.size() * 7;
}

// %49 and &#73; and \u0049 as the characters they stand for.
std::string decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
        hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 3;
      continue;
    }
    const bool escape =
        text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 'u' || text[i + 1] == 'x');
    const bool entity = text[i] == '&' && i + 1 < text.size() && text[i + 1] == '#';
    if (!escape && !entity) {
      out += text[i++];
      continue;
    }
    const bool hex = escape || (i + 2 < text.size() && lower(text[i + 2]) == 'x');
    size_t at = i + (entity && hex ? 3 : 2);
    const size_t most = escape ? (text[i + 1] == 'u' ? 4 : 2) : 7;
    char32_t value = 0;
    size_t digits = 0;
    for (; at < text.size() && digits < most; ++at, ++digits) {
      const int digit = hex ? hex_value(text[at]) : is_digit(text[at]) ? text[at] - '0' : -1;
      if (digit < 0) break;
      value = value * (hex ? 16 : 10) + static_cast<char32_t>(digit);
    }
    if (digits == 0 || value > 0x10ffff) {
      out += text[i++];
      continue;
    }
    append_utf8(out, value);
    i = at + (entity && at < text.size() && text[at] == ';' ? 1 : 0);
  }
  return out;
}

// "i g n o r e   a l l", "i-g-n-o-r-e": single letters are put together, wide gaps stay.
std::string joined(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool between =
        (text[i] == ' ' || text[i] == '-' || text[i] == '.' || text[i] == '_' || text[i] == '*') &&
        i > 0 && i + 1 < text.size() && is_letter(text[i - 1]) && is_letter(text[i + 1]) &&
        (i < 2 || !is_letter(text[i - 2])) && (i + 2 >= text.size() || !is_letter(text[i + 2]));
    if (!between) out += text[i];
  }
  return out;
}

std::string rot13(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>('a' + (c - 'a' + 13) % 26);
  }
  return text;
}

std::string leet(std::string text) {
  static constexpr std::string_view from = "0134578@$!";
  static constexpr std::string_view to = "oieastbasi";
  for (char& c : text) {
    const size_t at = from.find(c);
    if (at != from.npos) c = to[at];
  }
  return text;
}

void add(std::vector<View>& views, std::string text, bool hidden) {
  if (views.size() >= kViewsMax || text.empty()) return;
  for (const View& view : views) {
    if (view.text == text) return;
  }
  views.push_back({std::move(text), hidden});
}

void collect(std::vector<View>& views, std::string_view raw, int depth) {
  const Seen seen = see(raw);
  const bool inner = depth > 0;
  add(views, seen.text, inner || seen.hidden);
  add(views, seen.unmasked, true);
  const std::string close = joined(raw);
  if (close != raw) add(views, see(close).unmasked, true);
  add(views, leet(seen.unmasked), true);
  add(views, rot13(seen.text), true);
  add(views, std::string(seen.text.rbegin(), seen.text.rend()), true);
  if (depth >= kDepth) return;
  const std::string plain = decoded(raw);
  if (plain != raw) collect(views, plain, depth + 1);
  for (size_t i = 0; i < raw.size();) {
    size_t end = i;
    while (end < raw.size() && base64_value(raw[end]) >= 0) ++end;
    const std::string_view run = raw.substr(i, end - i);
    i = std::max(end, i + 1);
    if (run.size() < kEncodedBytesMin || views.size() >= kViewsMax) continue;
    const bool hex = run.size() % 2 == 0 &&
                     std::all_of(run.begin(), run.end(), [](char c) { return hex_value(c) >= 0; });
    const std::string inside = hex ? from_hex(run) : from_base64(run);
    if (reads_like_text(inside)) collect(views, inside, depth + 1);
  }
}

}  // namespace

std::vector<View> views_of(std::string_view text) {
  std::vector<View> views;
  collect(views, text.substr(0, kReadBytesMax), 0);
  return views;
}

}  // namespace chatpad::safety
