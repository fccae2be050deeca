// A cursor is what SQL writes and nothing else: what is accepted writes back as the same text.
//
// uses: functions/shared/paging/cursor.cc runtime/wire/fields.cc runtime/wire/json.cc
// uses: runtime/wire/json_check.cc runtime/wire/crypto.cc runtime/base/error.cc
// uses: runtime/base/check.cc runtime/base/uuid.cc
// links: -lcrypto
#include "functions/shared/paging/cursor.h"
#include "runtime/base/check.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"

using namespace chatpad;
using functions::Cursor;

namespace {

// As private.cursor writes it.
std::string text_of(const Cursor& cursor) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(static_cast<uint64_t>(*cursor.at_us) >> shift);
  }
  for (const uint8_t byte : cursor.id->bytes()) bytes += static_cast<char>(byte);
  return wire::base64url_encode(bytes);
}

void check_cursor(std::string_view text) {
  const std::optional<Cursor> cursor = Cursor::parse(text);
  if (!cursor) return;
  CHECK(cursor->at_us && cursor->id, "a cursor has a time and an id");
  CHECK(*cursor->at_us >= 0 && *cursor->at_us < 253'402'300'800'000'000,
        "its time is one that SQL can say");
  CHECK(text_of(*cursor) == text, "a cursor writes back the same");
}

void check_fields(std::string_view body) {
  const Result<wire::Fields> fields = wire::Fields::parse(body);
  if (!fields.ok()) return;
  try {
    const Cursor cursor = Cursor::read(*fields);
    CHECK(cursor.at_us.has_value() == cursor.id.has_value(), "a time comes with its id");
    const int64_t limit = functions::read_page_limit(*fields);
    CHECK(limit >= 1 && limit <= functions::kPageRowsMax, "a page is bounded");
  } catch (const Raised& raised) {
    CHECK(raised.error().details == "cursor" || raised.error().details == "limit",
          "the field that is wrong is named");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_cursor(text);
  check_fields(text);
  check_fields("{\"cursor\":" + wire::json_string(text) + "}");
  // Bytes that are a cursor once they are written as one.
  check_cursor(wire::base64url_encode(text.substr(0, 24)));
  return 0;
}
