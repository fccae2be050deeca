// GET /assets/{name}: scripts, style sheets and pictures of the pages. Most names change with their
// bytes, so that a browser keeps them for ever.
#include "runtime/edge/assets.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::pages::asset {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  const Asset* found = find_asset(call.path_parameter());
  if (!found || found->kind == AssetKind::own) raise(Errc::not_found);
  co_return asset_reply(*found, call.request(),
                        found->kind == AssetKind::hashed ? kCacheForever : kCacheShort);
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/assets/{name}",
          .auth = Auth::anyone,
          .body_bytes_max = 1_KiB,
          .rate = per_address(2000, 10),
          .summary = "Scripts, styles and pictures of the pages",
          .handle = handle};
}

}  // namespace chatpad::functions::pages::asset
