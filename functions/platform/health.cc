// GET /health: 200 while everything this program needs works, else 503 naming the failed part.
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::platform::health {
using namespace chatpad::edge;

constexpr pg::Statement kPing{"health", "select 1"};
// A frozen database is noticed kAnswerGraceMs of the pool later.
constexpr uint32_t kPingMs = 500;

Task<bool> database_answers(Call call) {
  bool answers = true;
  try {
    pg::Claims nobody{pg::Role::none, "{}"};
    co_await call.context().pool().once(std::move(nobody), kPing, pg::Params(), kPingMs);
  } catch (const Raised&) {
    answers = false;
  }
  co_return answers;
}

Task<Reply> handle(Call call) {
  const bool database = co_await database_answers(call);
  const bool realtime = call.context().realtime_live();
  wire::JsonWriter body;
  body.object()
      .field("status", database && realtime ? "ok" : "failing")
      .field("database", database ? "ok" : "failing")
      .field("realtime", realtime ? "ok" : "failing")
      .end();
  Reply reply = ok(std::move(body).str());
  if (!database || !realtime) {
    reply.status = 503;
    reply.header("Retry-After", "1");
  }
  co_return reply;
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/health",
          .auth = Auth::anyone,
          .deadline_ms = 8000,
          .summary = "Whether the database and the realtime feed work",
          .handle = handle};
}

}  // namespace chatpad::functions::platform::health
