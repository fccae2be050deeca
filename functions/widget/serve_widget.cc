// GET /functions/v1/serve-widget: the widget's loader, for one script line on a shop's page.
#include "runtime/edge/assets.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::widget::serve_widget {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  Reply reply = asset_reply(asset("loader.js"), call.request(), kCacheShort);
  reply.header("Cross-Origin-Resource-Policy", "cross-origin");
  co_return reply;
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/functions/v1/serve-widget",
          .auth = Auth::anyone,
          .summary = "The widget's script",
          .handle = handle};
}

}  // namespace chatpad::functions::widget::serve_widget
