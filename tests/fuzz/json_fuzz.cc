// The parser, the scanner and the writer agree about every text.
//
// uses: runtime/wire/json.cc runtime/wire/json_check.cc runtime/wire/fields.cc
// uses: runtime/base/error.cc runtime/base/check.cc runtime/base/uuid.cc
// links:
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "runtime/base/check.h"
#include "runtime/wire/fields.h"
#include "runtime/wire/json.h"

using namespace chatpad;
using namespace chatpad::wire;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const JsonLimits limits{.depth_max = 16, .nul = NulEscape::refuse};
  Result<Json> parsed = parse_json(text, limits);
  const bool checked = check_json(text, limits).ok();
  // The scanner does not look for repeated keys; otherwise they accept the same texts.
  CHECK(!parsed.ok() || checked, "what the parser accepts the scanner accepts");
  if (checked && !parsed.ok()) {
    CHECK(parsed.error().message.value.find("repeated") != std::string::npos,
          "what the scanner accepts the parser refuses for repeated keys only");
  }
  if (parsed.ok()) {
    const std::string again = dump(*parsed);
    Result<Json> second = parse_json(again, limits);
    CHECK(second.ok() && *second == *parsed, "a dump reads back the same");
  }
  const std::string quoted = json_string(text);
  CHECK(check_json(quoted).ok(), "every written string is JSON");
  const Result<Fields> fields = Fields::parse(text, limits);
  if (fields.ok()) {
    try {
      fields->optional_string("a", 5);
      fields->optional_json_text("b", 100);
      fields->string_list("c", 3, 3);
      fields->optional_integer("d", -5, 5);
    } catch (const Raised&) {
    }
  }
  return 0;
}
