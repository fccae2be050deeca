#include "functions/shared/visitor/visitor.h"

#include "runtime/base/clock.h"
#include "runtime/edge/auth.h"
#include "runtime/edge/context.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {

std::string visitor_json(const edge::Call& call, const Uuid& visitor, const Uuid& agent,
                         const Uuid& account, std::string_view origin,
                         const std::optional<Uuid>& conversation) {
  const int64_t expires_at_s = wall_s() + edge::kVisitorTokenS;
  wire::JsonWriter out;
  out.object()
      .field("id", visitor)
      .field("token", call.context().authenticator().visitor_token(visitor, agent, account, origin,
                                                                   expires_at_s))
      .field("expiresAt", iso8601_ms(expires_at_s * 1000));
  if (conversation) out.field("conversationId", *conversation);
  out.end();
  return std::move(out).str();
}

}  // namespace chatpad::functions
