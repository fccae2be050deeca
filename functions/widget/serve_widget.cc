// GET /functions/v1/serve-widget: the widget's script, for one script line on a shop's page.
#include "runtime/edge/assets.h"
#include "runtime/edge/endpoint.h"
#include "runtime/wire/crypto.h"

namespace chatpad::functions::widget::serve_widget {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  static const Asset& script = asset("widget-assets/loader/loader.js");
  static const std::string etag = "\"" + wire::sha256_hex(script.bytes).substr(0, 32) + "\"";
  Reply reply;
  if (call.header("if-none-match") == etag) {
    reply.status = 304;
  } else {
    reply.body = std::string(script.bytes);
    reply.content_type = "text/javascript; charset=utf-8";
  }
  reply.header("ETag", etag);
  reply.header("Cache-Control", "public, max-age=300, must-revalidate");
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
