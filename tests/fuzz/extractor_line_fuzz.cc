// What the extractor says is checked: whatever comes out of it is a known failure or lies within
// limits.
//
// uses: functions/shared/ingest/extraction.cc functions/shared/ingest/failures.cc
// uses: runtime/jobs/job.cc runtime/wire/json.cc runtime/wire/json_check.cc
// uses: runtime/base/error.cc runtime/base/uuid.cc runtime/base/check.cc
// links:
#include "functions/shared/ingest/extraction.h"
#include "functions/shared/ingest/failures.h"
#include "runtime/base/check.h"
#include "runtime/wire/json.h"
#include "runtime/wire/utf8.h"

using namespace chatpad;
using namespace chatpad::ingest;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Event event = read_event({reinterpret_cast<const char*>(data), size});
  if (event.kind == Event::Kind::failure) {
    CHECK(failure_info(event.code).code == event.code, "a failure is a known one");
    return 0;
  }
  CHECK(event.json.empty() || wire::check_json(event.json).ok(), "what is passed on is JSON");
  CHECK(wire::is_utf8(event.document.title) && event.document.pages.value_or(0) >= 0,
        "facts are sane");
  CHECK(event.page.value_or(0) >= 0, "a page is no negative number");
  return 0;
}
