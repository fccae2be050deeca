// GET /admin: to /admin/, so that there is one address.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::pages::admin_redirect {
using namespace chatpad::edge;

Task<Reply> handle(Call) {
  Reply reply(308, "");
  reply.header("Location", "/admin/");
  reply.header("Cache-Control", "public, max-age=300");
  co_return reply;
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/admin",
          .auth = Auth::anyone,
          .body_bytes_max = 1_KiB,
          .rate = per_address(300, 10),
          .summary = "Leads to /admin/",
          .handle = handle};
}

}  // namespace chatpad::functions::pages::admin_redirect
