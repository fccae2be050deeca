#include "extract/charset.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "extract/utf8.h"
#include "functions/shared/text/fold.h"
#include "runtime/wire/utf8.h"

namespace chatpad::extract {
namespace {

constexpr size_t kLookedAtBytes = 2048;
constexpr size_t kNameBytesMax = 40;

// 0x80..0x9F; the rest of windows-1252 is Latin-1.
constexpr std::array<char16_t, 32> kWindows = {
    0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178};

// What is worth opening a converter for.
constexpr std::array<std::string_view, 22> kKnown = {
    "shift_jis",    "sjis",         "euc-jp",       "iso-2022-jp",  "gb2312",       "gbk",
    "gb18030",      "big5",         "euc-kr",       "koi8-r",       "koi8-u",       "windows-1250",
    "windows-1251", "windows-1253", "windows-1254", "windows-1255", "windows-1256", "iso-8859-2",
    "iso-8859-5",   "iso-8859-7",   "iso-8859-9",   "iso-8859-15"};

std::string from_windows(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 8);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    append_utf8(out, byte >= 0x80 && byte < 0xA0 ? kWindows[byte - 0x80] : byte);
  }
  return out;
}

std::string from_utf16(std::string_view bytes, size_t high) {
  return utf16_to_utf8(bytes.size() / 2 - 1, [&](size_t i) {
    const size_t at = 2 * i + 2;
    return static_cast<char32_t>(static_cast<unsigned char>(bytes[at + high]) << 8 |
                                 static_cast<unsigned char>(bytes[at + 1 - high]));
  });
}

std::string mended(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (size_t i = 0; i < bytes.size();) {
    const text::CodePoint point = text::decode_utf8(bytes, i);
    append_utf8(out, point.value);
    i += point.size_bytes;
  }
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return out;
}

std::string name_at(std::string_view text, size_t at) {
  while (at < text.size() && (text[at] == '"' || text[at] == '\'' || text[at] == ' ')) ++at;
  std::string name;
  while (
      at < text.size() && name.size() < kNameBytesMax &&
      (std::isalnum(static_cast<unsigned char>(text[at])) || text[at] == '-' || text[at] == '_')) {
    name += text[at++];
  }
  return name;
}

}  // namespace

std::string find_charset(std::string_view bytes, std::string_view declared) {
  const std::string label = lower(declared);
  if (const size_t at = label.find("charset="); at != std::string::npos) {
    return name_at(label, at + 8);
  }
  const std::string head = lower(bytes.substr(0, kLookedAtBytes));
  for (const std::string_view mark : {"charset=", "encoding="}) {
    if (const size_t at = head.find(mark); at != std::string::npos) {
      return name_at(head, at + mark.size());
    }
  }
  return {};
}

void load_converters() {
  // Held open to the end: what is loaded for one is there for all.
  static const iconv_t held[] = {iconv_open("UTF-16", "UTF-8"), iconv_open("UTF-8", "UTF-16")};
  (void)held;
}

Converter::Converter(const std::string& charset) : charset_(charset) {
  if (std::ranges::find(kKnown, charset_) == kKnown.end()) return;
  const iconv_t opened = iconv_open("UTF-8", charset_.c_str());
  if (opened != reinterpret_cast<iconv_t>(-1)) iconv_ = opened;
}

Converter::~Converter() {
  if (iconv_ != nullptr) iconv_close(iconv_);
}

std::string Converter::to_utf8(std::string_view bytes) const {
  if (bytes.starts_with("\xEF\xBB\xBF")) return mended(bytes.substr(3));
  if (bytes.starts_with("\xFF\xFE")) return from_utf16(bytes, 1);
  if (bytes.starts_with("\xFE\xFF")) return from_utf16(bytes, 0);
  if (iconv_ == nullptr) {
    if (wire::is_utf8(bytes)) return std::string(bytes);
    return charset_ == "utf-8" ? mended(bytes) : from_windows(bytes);
  }
  std::string out;
  std::string input(bytes);
  char* in = input.data();
  size_t left = input.size();
  char buffer[16 * 1024];
  while (left > 0) {
    char* to = buffer;
    size_t room = sizeof buffer;
    const size_t done = iconv(iconv_, &in, &left, &to, &room);
    out.append(buffer, static_cast<size_t>(to - buffer));
    if (done == static_cast<size_t>(-1) && errno != E2BIG) {
      append_utf8(out, text::kReplacementCharacter);
      if (left > 0) {
        ++in;
        --left;
      }
    }
  }
  return out;
}

bool looks_binary(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) return false;
  size_t controls = 0;
  const std::string_view head = bytes.substr(0, 64 * 1024);
  for (const char c : head) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0) return true;
    if (byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t' && byte != '\f') ++controls;
  }
  return controls > head.size() / 20;
}

}  // namespace chatpad::extract
