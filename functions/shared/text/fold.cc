#include "functions/shared/text/fold.h"

#include "runtime/wire/utf8.h"

namespace chatpad::text {
namespace {

// Base letters of U+00C0..U+00FF; '.' marks what has no letter or needs two.
constexpr std::string_view kLatin1 =
    "aaaaaa.ceeeeiiiidnooooo.ouuuuy..aaaaaa.ceeeeiiiidnooooo.ouuuuy.y";
static_assert(kLatin1.size() == 0x40);

// Base letters of U+0100..U+017F.
constexpr std::string_view kLatinExtendedA =
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkkkllllllllll"
    "nnnnnnnnnoooooo..rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static_assert(kLatinExtendedA.size() == 0x80);

std::string_view two_letters(char32_t value) {
  switch (value) {
    case 0xC6:
    case 0xE6:
      return "ae";
    case 0xDE:
    case 0xFE:
      return "th";
    case 0xDF:
    case 0x1E9E:
      return "ss";
    case 0x132:
    case 0x133:
      return "ij";
    case 0x152:
    case 0x153:
      return "oe";
    default:
      return {};
  }
}

char32_t fold_greek_cyrillic(char32_t value) {
  if (value >= 0x391 && value <= 0x3A9) return value + 0x20;
  if (value >= 0x410 && value <= 0x42F) return value + 0x20;
  if (value >= 0x400 && value <= 0x40F) value += 0x50;
  switch (value) {
    case 0x386:
    case 0x3AC:
      return 0x3B1;
    case 0x388:
    case 0x3AD:
      return 0x3B5;
    case 0x389:
    case 0x3AE:
      return 0x3B7;
    case 0x38A:
    case 0x3AF:
    case 0x3CA:
      return 0x3B9;
    case 0x38C:
    case 0x3CC:
      return 0x3BF;
    case 0x38E:
    case 0x3CD:
    case 0x3CB:
      return 0x3C5;
    case 0x38F:
    case 0x3CE:
      return 0x3C9;
    case 0x3C2:
      return 0x3C3;
    case 0x451:
      return 0x435;
    default:
      return value;
  }
}

bool within(char32_t value, char32_t first, char32_t last) {
  return value >= first && value <= last;
}

}  // namespace

CodePoint decode_utf8(std::string_view text, std::size_t position) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(position);
  if (lead < 0x80) return {lead, 1};
  std::size_t size = 0;
  char32_t value = 0;
  char32_t least = 0;
  if ((lead & 0xE0) == 0xC0) {
    size = 2;
    value = lead & 0x1F;
    least = 0x80;
  } else if ((lead & 0xF0) == 0xE0) {
    size = 3;
    value = lead & 0x0F;
    least = 0x800;
  } else if ((lead & 0xF8) == 0xF0) {
    size = 4;
    value = lead & 0x07;
    least = 0x10000;
  } else
    return {kReplacementCharacter, 1};
  if (text.size() - position < size) return {kReplacementCharacter, 1};
  for (std::size_t i = 1; i < size; ++i) {
    const unsigned char next = byte(position + i);
    if ((next & 0xC0) != 0x80) return {kReplacementCharacter, 1};
    value = (value << 6) | (next & 0x3F);
  }
  const bool surrogate = within(value, 0xD800, 0xDFFF);
  if (value < least || value > 0x10FFFF || surrogate) return {kReplacementCharacter, 1};
  return {value, size};
}

CharacterKind classify(char32_t value) {
  if (value < 0x80) {
    const bool letter = within(value, 'a', 'z') || within(value, 'A', 'Z');
    if (letter || within(value, '0', '9')) return CharacterKind::word;
    if (value == '\'') return CharacterKind::apostrophe;
    if (value == '-') return CharacterKind::hyphen;
    return CharacterKind::separator;
  }
  if (value < 0xC0) return value == 0xAD ? CharacterKind::mark : CharacterKind::separator;
  if (value == 0xD7 || value == 0xF7) return CharacterKind::separator;
  if (within(value, 0x300, 0x36F)) return CharacterKind::mark;
  if (value == 0x2019 || value == 0x2BC) return CharacterKind::apostrophe;
  if (value == 0x2010 || value == 0x2011) return CharacterKind::hyphen;
  if (within(value, 0x3040, 0x30FF) || within(value, 0x3400, 0x4DBF) ||
      within(value, 0x4E00, 0x9FFF) || within(value, 0xF900, 0xFAFF) ||
      within(value, 0x20000, 0x3FFFF)) {
    return CharacterKind::ideograph;
  }
  if (within(value, 0x2000, 0x2BFF) || within(value, 0x3000, 0x303F) ||
      within(value, 0xE000, 0xF8FF) || within(value, 0xFE00, 0xFE6F) ||
      within(value, 0xFF00, 0xFFFF) || value >= 0x1F000) {
    return CharacterKind::separator;
  }
  return CharacterKind::word;
}

bool is_upper(char32_t value) {
  if (value < 0x80) return within(value, 'A', 'Z');
  if (within(value, 0xC0, 0xDE)) return value != 0xD7;
  if (within(value, 0x100, 0x137)) return value % 2 == 0;
  if (within(value, 0x139, 0x148)) return value % 2 == 1;
  if (within(value, 0x14A, 0x177)) return value % 2 == 0;
  return within(value, 0x386, 0x3AB) || within(value, 0x400, 0x42F);
}

void append_folded(char32_t value, std::string& out) {
  if (value < 0x80) {
    out.push_back(static_cast<char>(within(value, 'A', 'Z') ? value + 0x20 : value));
    return;
  }
  if (const auto pair = two_letters(value); !pair.empty()) {
    out.append(pair);
    return;
  }
  if (within(value, 0xC0, 0xFF) && kLatin1[value - 0xC0] != '.') {
    out.push_back(kLatin1[value - 0xC0]);
    return;
  }
  if (within(value, 0x100, 0x17F)) {
    out.push_back(kLatinExtendedA[value - 0x100]);
    return;
  }
  wire::append_utf8(out, fold_greek_cyrillic(value));
}

std::string fold(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint point = decode_utf8(text, i);
    if (classify(point.value) != CharacterKind::mark) append_folded(point.value, out);
    i += point.size_bytes;
  }
  return out;
}

}  // namespace chatpad::text
