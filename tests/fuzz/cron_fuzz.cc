// A schedule that is read gives times in the future, on the minute, or none.
//
// uses: functions/shared/ingest/cron.cc runtime/base/check.cc
// links:
#include "functions/shared/ingest/cron.h"
#include "runtime/base/check.h"

using namespace chatpad::ingest;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto cron = Cron::parse({reinterpret_cast<const char*>(data), size});
  if (!cron) return 0;
  constexpr int64_t kNow = 1'709'164'800;
  const auto next = cron->next(kNow);
  if (next) CHECK(*next > kNow && *next % 60 == 0, "the next time is in the future, on the minute");
  CHECK(cron->shortest_pause(kNow) >= 60, "runs are at least a minute apart");
  return 0;
}
