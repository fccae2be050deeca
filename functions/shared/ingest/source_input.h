// What the endpoints of knowledge take: a file in a form or in JSON, a schedule, the settings of a
// crawl. Everything raises validation_failed naming the field.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/edge/call.h"
#include "runtime/wire/fields.h"

namespace chatpad::functions {

constexpr size_t kSourceNameCharsMax = 500;

struct Upload {
  Uuid agent_id;
  std::string name;  // of the source; the file's when none is given
  std::string file_name;
  std::string media_type;
  std::string owned;       // of JSON; `bytes` then lies in it
  std::string_view bytes;  // of a form: in the request's body, which outlives the call
  bool is_named = false;
};

// multipart/form-data with `file` and, as fields or together as JSON in `metadata`, agent_id and
// name; or a JSON object with agent_id, name, file_name and content (text) or content_base64.
void read_upload(const edge::Call& call, Upload& upload);

struct Schedule {
  std::optional<std::string> text;  // "" ends it
  std::optional<int64_t> next_s;
};
Schedule read_schedule(const wire::Fields& fields);

// {"pages_max", "include", "exclude"} as it is kept.
std::string read_crawl_settings(const wire::Fields& fields);

}  // namespace chatpad::functions
