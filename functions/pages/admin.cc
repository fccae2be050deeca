// GET /admin/: the inbox and the leads, for people of an account. The page itself is public and
// empty; its script asks for a sign-in.
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"
#include "runtime/edge/page.h"

namespace chatpad::functions::pages::admin {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  const Config& config = call.context().config();
  // React Aria puts two small style elements into the page and marks them with the nonce it finds.
  const std::string nonce = Uuid::random().str();
  PagePolicy policy;
  policy.style_nonce = nonce;
  Reply reply = page_reply(
      config, 200,
      shell("admin.html")
          .fill({{"anonKey", config.anon_key}, {"nonce", nonce}, {"publicUrl", config.public_url}}),
      policy);
  reply.header("Cross-Origin-Opener-Policy", "same-origin");
  co_return reply;
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/admin/",
          .auth = Auth::anyone,
          .body_bytes_max = 1_KiB,
          .rate = per_address(300, 10),
          .summary = "Inbox and leads, for people of an account",
          .handle = handle};
}

}  // namespace chatpad::functions::pages::admin
