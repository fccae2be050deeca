#include "functions/shared/paging/cursor.h"

#include "runtime/wire/crypto.h"

namespace chatpad::functions {
namespace {

constexpr size_t kCursorChars = 32;
constexpr int64_t kYear9999Us = 253'402'300'799'999'999;  // SQL can say no later time in JSON
constexpr std::string_view kHex = "0123456789abcdef";

Uuid uuid_of(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    if (text.size() == 8 || text.size() == 13 || text.size() == 18 || text.size() == 23)
      text += '-';
    const auto byte = static_cast<unsigned char>(c);
    text += kHex[byte >> 4];
    text += kHex[byte & 15];
  }
  return Uuid::parse(text).value_or(Uuid());
}

}  // namespace

std::optional<Cursor> Cursor::parse(std::string_view text) {
  if (text.size() != kCursorChars) return std::nullopt;
  const std::optional<std::string> bytes = wire::base64url_decode(text);
  if (!bytes || bytes->size() != 24) return std::nullopt;
  uint64_t at_us = 0;
  for (size_t i = 0; i < 8; ++i) at_us = at_us << 8 | static_cast<unsigned char>((*bytes)[i]);
  if (at_us > static_cast<uint64_t>(kYear9999Us)) return std::nullopt;
  Cursor cursor;
  cursor.at_us = static_cast<int64_t>(at_us);
  cursor.id = uuid_of(std::string_view(*bytes).substr(8));
  return cursor;
}

Cursor Cursor::read(const wire::Fields& fields) {
  const std::optional<std::string> text = fields.optional_string("cursor", kCursorChars);
  if (!text) return {};
  const std::optional<Cursor> cursor = parse(*text);
  if (!cursor) wire::refuse_field("cursor", "must be the nextCursor of an earlier page");
  return *cursor;
}

int64_t read_page_limit(const wire::Fields& fields) {
  return fields.optional_integer("limit", 1, kPageRowsMax).value_or(kPageRowsDefault);
}

}  // namespace chatpad::functions
