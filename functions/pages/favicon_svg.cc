// GET /favicon.svg: the icon of the pages, sharp at every size.
#include "runtime/edge/assets.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::pages::favicon_svg {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  co_return asset_reply(asset("favicon.svg"), call.request(), kCacheShort);
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/favicon.svg",
          .auth = Auth::anyone,
          .body_bytes_max = 1_KiB,
          .rate = per_address(300, 10),
          .summary = "The pages' icon",
          .handle = handle};
}

}  // namespace chatpad::functions::pages::favicon_svg
