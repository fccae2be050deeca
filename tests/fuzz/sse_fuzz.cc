// The reader gives the same events however the bytes are cut; what the writer writes comes back.
//
// uses: runtime/wire/sse.cc runtime/base/error.cc runtime/base/check.cc
// links:
#include "runtime/base/check.h"
#include "runtime/wire/sse.h"

using namespace chatpad;
using namespace chatpad::wire;

namespace {

bool same(const std::vector<SseEvent>& a, const std::vector<SseEvent>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].id != b[i].id || a[i].type != b[i].type || a[i].data != b[i].data) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t step = data[0] % 7 + 1;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const SseLimits limits{.line_bytes_max = 200, .event_bytes_max = 400};
  std::vector<SseEvent> whole;
  std::vector<SseEvent> pieces;
  SseParser one(limits);
  SseParser other(limits);
  const bool whole_ok = one.feed(text, whole).ok();
  bool pieces_ok = true;
  for (size_t at = 0; at < text.size(); at += step) {
    pieces_ok = other.feed(text.substr(at, step), pieces).ok();
  }
  CHECK(whole_ok == pieces_ok, "limits do not depend on how the bytes arrive");
  CHECK(same(whole, pieces), "events do not depend on how the bytes arrive");
  CHECK(one.last_event_id() == other.last_event_id(), "the id does not either");

  for (const SseEvent& event : whole) {
    std::string out;
    append_sse_event(out, event);
    std::vector<SseEvent> again;
    SseParser reader;
    CHECK(reader.feed(out, again).ok() && again.size() == 1, "one event is written");
    CHECK(again[0].data == event.data && again[0].id == event.id, "and it is the same");
  }
  return 0;
}
