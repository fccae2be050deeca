// Cursor: the place in a list ordered by time and id where the next page begins, as `nextCursor`
// hands it out. Clients send it back unread; it says nothing that the page before did not show.
//
//   in.before = Cursor::read(f);                    // 400 naming `cursor` when it is not one of
//   ours pg::Params params(..., in.before.at_us, in.before.id);   // both null: the first page
//
// 24 bytes in base64url: microseconds since 1970, big-endian, and the id. Written by SQL
// (private.cursor), because the page comes from there as ready JSON. It is no credential: whatever
// place somebody makes up, the list holds what its caller may read.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "runtime/base/uuid.h"
#include "runtime/wire/fields.h"

namespace chatpad::functions {

constexpr int kPageRowsMax = 100;
constexpr int kPageRowsDefault = 50;
constexpr size_t kSearchCharsMax = 200;  // of what a list of conversations is searched for

struct Cursor {
  std::optional<int64_t> at_us;
  std::optional<Uuid> id;

  static std::optional<Cursor> parse(std::string_view text);
  // The field `cursor`; absent or null: the first page.
  static Cursor read(const wire::Fields& fields);
};

// The field `limit`, 1 to kPageRowsMax.
int64_t read_page_limit(const wire::Fields& fields);

}  // namespace chatpad::functions
