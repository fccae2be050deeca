#include "functions/shared/conversation/session_reply.h"

#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

constexpr pg::Statement kSession{"chat_session", "select api.chat_session($1)"};
constexpr size_t kMetricsBytes = 4096;

// Which steps an answer took, in their order, and what is known of each.
void write_debug(wire::JsonWriter& body, const wire::Fields& answer) {
  const auto number = [&](const char* name) {
    return answer.optional_integer(name, 0, INT64_MAX).value_or(0);
  };
  body.object("debugInfo").array("processingSteps");
  body.object().field("step", "message_stored").end();
  body.object().field("step", "safety_checked").field("flags", number("safetyFlags")).end();
  body.object().field("step", "knowledge_searched").field("citations", number("citations")).end();
  body.object().field("step", "answer_written").field("durationMs", number("responseTimeMs")).end();
  body.end();
  body.object("aiMetadata")
      .field("model", answer.optional_string("model", 200).value_or(""))
      .field("inputTokens", number("inputTokens"))
      .field("outputTokens", number("outputTokens"))
      .end();
  body.object("performanceMetrics").field("responseTimeMs", number("responseTimeMs")).end();
  body.end();
}

}  // namespace

Task<std::string> session_reply(edge::Call call, Uuid session_id, std::string chat_body) {
  const wire::Fields answered = wire::Fields::parse(chat_body).or_raise();
  const auto reply = answered.optional_object("reply");
  const std::string session = co_await call.db().json(kSession, pg::Params(session_id));
  const wire::Fields about = wire::Fields::parse(session).or_raise();
  wire::JsonWriter body;
  body.object()
      .field("response", reply ? reply->string("content", 0, 100'000) : std::string())
      .field("sessionId", session_id)
      .field("leadCaptured", answered.boolean("leadCaptured", false))
      .raw_field("conversationMetrics",
                 about.optional_object_text("metrics", kMetricsBytes).value_or("{}"));
  const auto last = about.optional_object("lastAnswer");
  if (last && about.boolean("debugMode", false)) write_debug(body, *last);
  body.end();
  co_return std::move(body).str();
}

}  // namespace chatpad::functions
