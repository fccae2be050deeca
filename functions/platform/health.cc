// GET /health: 200 while everything this program needs works, else 503 naming the failed part. The
// bus to other programs is not needed: without it the program serves alone, "degraded".
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
  const Reach reach = call.context().publisher().reach();
  const char* well = reach == Reach::cut_off ? "degraded" : "ok";
  wire::JsonWriter body;
  body.object()
      .field("status", database && realtime ? well : "failing")
      .field("database", database ? "ok" : "failing")
      .field("realtime", realtime ? "ok" : "failing");
  if (reach != Reach::one_program) body.field("bus", reach == Reach::cut_off ? "away" : "ok");
  body.end();
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
          .summary = "Whether database, realtime feed and bus work",
          .handle = handle};
}

}  // namespace chatpad::functions::platform::health
