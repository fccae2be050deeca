// Accepted paths hold no traversal after decoding; origins print to what parses back.
//
// uses: runtime/wire/url.cc runtime/wire/own_origin.cc runtime/base/error.cc runtime/base/check.cc
// links:
#include "runtime/base/check.h"
#include "runtime/wire/own_origin.h"
#include "runtime/wire/url.h"
#include "runtime/wire/utf8.h"

using namespace chatpad;
using namespace chatpad::wire;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<std::string> decoded = percent_decode(text);
  if (decoded.ok()) {
    CHECK(is_utf8(*decoded), "decoded text is UTF-8");
    CHECK(decoded->find('\0') == std::string::npos, "decoded text holds no NUL");
  }
  const Result<std::string> round = percent_decode(percent_encode(text));
  if (round.ok()) CHECK(*round == text, "encoding and decoding cancel out");
  const Result<Query> query = Query::parse(text);
  if (query.ok()) CHECK(query->items().size() <= kQueryParametersMax, "a query is bounded");

  const Result<std::vector<std::string>> segments = path_segments(text);
  if (segments.ok()) {
    CHECK(check_path(text).ok(), "segments come from checked paths");
    for (const std::string& segment : *segments) {
      CHECK(segment != "." && segment != ".." && !segment.empty(), "no dot and no empty segment");
      CHECK(segment.find_first_of("/\\") == std::string::npos, "no separator in a segment");
    }
  }
  const std::optional<Origin> origin = parse_origin(text);
  if (origin) {
    CHECK(parse_origin(origin->str()) == origin, "an origin reads back the same");
    CHECK(same_origin(text, origin->str()), "and is the same origin");
  }
  if (is_own_origin(text, "https://chat.example")) {
    CHECK(origin && origin->str() == "https://chat.example", "no other site is ours");
  }
  if (is_own_origin(text, "http://127.0.0.1:8080")) {
    CHECK(origin && origin->scheme == "http" && origin->port == 8080, "no other port is ours");
  }
  return 0;
}
