// GET /robots.txt: what search engines may look at: nothing.
#include "runtime/edge/assets.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::pages::robots {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  co_return asset_reply(asset("robots.txt"), call.request(), kCacheShort);
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/robots.txt",
          .auth = Auth::anyone,
          .body_bytes_max = 1_KiB,
          .rate = per_address(300, 10),
          .summary = "What search engines may look at",
          .handle = handle};
}

}  // namespace chatpad::functions::pages::robots
