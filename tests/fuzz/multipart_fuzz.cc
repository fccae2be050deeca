// Parts lie in the body they were read from, have names, and file names hold no path and no
// control.
//
// uses: runtime/wire/multipart.cc runtime/base/error.cc runtime/base/check.cc
// links:
#include "runtime/base/check.h"
#include "runtime/wire/multipart.h"
#include "runtime/wire/utf8.h"

using namespace chatpad;
using namespace chatpad::wire;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const std::string_view type :
       {"multipart/form-data; boundary=x", "multipart/form-data; boundary=\"\r\""}) {
    const auto parts = parse_multipart(type, body);
    if (!parts) continue;
    CHECK(parts.value().size() <= kPartsMax, "parts are bounded");
    for (const Part& part : parts.value()) {
      CHECK(!part.name.empty() && is_utf8(part.name), "a part has a name");
      CHECK(is_utf8(part.file_name), "a file name is text");
      CHECK(part.file_name.find_first_of("/\\\n") == std::string::npos, "and no path");
      CHECK(part.content.data() >= body.data() &&
                part.content.data() + part.content.size() <= body.data() + body.size(),
            "the content lies in the body");
    }
  }
  (void)parse_multipart(body, body);
  (void)is_multipart(body);
  return 0;
}
