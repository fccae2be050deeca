#include "functions/shared/mail/plain_name.h"

#include <algorithm>

#include "functions/shared/text/fold.h"
#include "runtime/wire/fields.h"
#include "runtime/wire/utf8.h"

namespace chatpad::functions {
namespace {

// Controls of both sets, line and paragraph separators, what turns the direction of text around,
// and what is not seen.
bool is_control(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0xad || c == 0x061c ||
         (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

bool is_word(char c) { return c != ' ' && c != '.' && c != ','; }

// "J. R. Smith" keeps its dots; "evil.example" does not: a dot between two letters makes a host.
void append_word(std::string& out, std::string_view word) {
  if (word.find("://") != std::string_view::npos) return;
  if (!out.empty()) out += ' ';
  if (wire::is_email(word)) {
    out += word;
    return;
  }
  for (size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    const bool inside =
        i > 0 && i + 1 < word.size() && is_word(word[i - 1]) && is_word(word[i + 1]);
    const bool parts = (c == '.' && inside) || c == '/' || c == '\\' || c == ':' || c == '@' ||
                       c == '<' || c == '>';
    out += parts ? ' ' : c;
  }
}

}  // namespace

std::string plain_name(std::string_view name) {
  std::string clean;
  size_t chars = 0;
  for (size_t at = 0; at < name.size() && chars < kPlainNameCharsMax; ++chars) {
    const size_t size = wire::utf8_sequence(name, at);
    if (size == 0) break;
    const bool control = is_control(text::decode_utf8(name, at).value);
    if (control) {
      clean += ' ';
    } else {
      clean += name.substr(at, size);
    }
    at += size;
  }
  std::string out;
  for (size_t start = 0; start < clean.size();) {
    const size_t end = std::min(clean.find(' ', start), clean.size());
    if (end > start) append_word(out, std::string_view(clean).substr(start, end - start));
    start = end + 1;
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace chatpad::functions
