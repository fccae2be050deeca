// GET /favicon.ico: the icon of the pages, for browsers that ask by habit.
#include "runtime/edge/assets.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::pages::favicon_ico {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  co_return asset_reply(asset("favicon.ico"), call.request(), kCacheShort);
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/favicon.ico",
          .auth = Auth::anyone,
          .body_bytes_max = 1_KiB,
          .rate = per_address(300, 10),
          .summary = "The pages' icon",
          .handle = handle};
}

}  // namespace chatpad::functions::pages::favicon_ico
