// Whatever a site says in robots.txt, and whatever its paths are, there is an answer.
//
// uses: functions/shared/ingest/robots.cc runtime/base/check.cc
// links:
#include "functions/shared/ingest/robots.h"
#include "runtime/base/check.h"

using namespace chatpad::ingest;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t half = size / 2;
  const Robots robots = Robots::parse(text.substr(0, half));
  (void)robots.allows(text.substr(half));
  CHECK(robots.allows("/robots.txt"), "robots.txt itself may be read");
  CHECK(robots.sitemaps().size() <= kSitemapsMax, "sitemaps are bounded");
  CHECK(robots.crawl_delay_s() >= 0 && robots.crawl_delay_s() <= kCrawlDelayMost,
        "so is the delay");
  return 0;
}
