// A model's answer reads the same however its bytes are cut, in each format; marks too; and
// whatever a service refuses with is read.
//
// uses: functions/shared/ai/model_stream.cc functions/shared/ai/upstream_failure.cc
// uses: functions/shared/ai/marks.cc runtime/wire/sse.cc runtime/wire/json.cc
// uses: runtime/wire/json_check.cc runtime/base/error.cc runtime/base/check.cc
// uses: runtime/base/uuid.cc
// links:
#include "functions/shared/ai/marks.h"
#include "functions/shared/ai/model_stream.h"
#include "runtime/base/check.h"
#include "runtime/wire/utf8.h"

using namespace chatpad;
using namespace chatpad::functions::ai;

namespace {

struct Read {
  std::string text;
  std::string marked;
  bool ok = true;
};

Read read(Dialect dialect, ModelStream::Shape shape, std::string_view bytes, size_t step) {
  Read read;
  ModelStream stream(dialect, shape);
  Marks marks(3);
  std::vector<std::string> pieces;
  for (size_t at = 0; at < bytes.size() && read.ok; at += step) {
    read.ok = stream.feed(bytes.substr(at, step), pieces).ok();
  }
  read.ok = stream.end(pieces).ok() && read.ok;
  for (const std::string& piece : pieces) {
    CHECK(!piece.empty(), "no piece is empty");
    read.text += piece;
    read.marked += marks.feed(piece);
  }
  read.marked += marks.rest();
  CHECK(wire::utf8_length(read.text) <= read.text.size(), "text is text");
  Marks at_once(3);
  CHECK(at_once.feed(read.text) + at_once.rest() == read.marked, "marks do not depend on pieces");
  return read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const auto dialect = static_cast<Dialect>(data[0] % 4);
  const auto shape = static_cast<ModelStream::Shape>(data[0] / 4 % 2);
  const size_t step = data[1] % 9 + 1;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Read whole = read(dialect, shape, bytes, size);
  const Read pieces = read(dialect, shape, bytes, step);
  CHECK(whole.ok == pieces.ok, "whether it is an answer does not depend on the cuts");
  CHECK(whole.text == pieces.text, "nor what it says");
  UpstreamFailure failure = read_failure(data[0] * 3, bytes);
  read_retry_headers(
      failure, [bytes](std::string_view) { return bytes; }, 1'790'000'000);
  const auto wait = retry_wait_ms(failure, data[1], 0.5);
  CHECK(!wait || *wait <= kRetryWaitMsMax, "nobody is waited for longer than allowed");
  return 0;
}
