// POST /api/chatbot-widget/session: a new session, which is a conversation, with the agent's public
// configuration and hours; on request its knowledge is loaded before the first question.
#include "functions/shared/conversation/chat_config.h"
#include "functions/shared/knowledge/library.h"
#include "runtime/edge/endpoint.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::chatbot_widget::session {
using namespace chatpad::edge;

struct Input {
  Uuid agent_id;
  std::string context;
  bool warm;
  bool debug;
  static Input read(const wire::Fields& f) {
    Input in{f.uuid("chatbotConfigId"), "{}", false, false};
    f.optional_string("visitorId", 200);
    wire::JsonWriter context;
    context.object();
    if (const auto given = f.optional_object("initialContext")) {
      for (const char* name : {"referrer", "campaign", "pageUrl"}) {
        if (const auto value = given->optional_string(name, 2000)) context.field(name, *value);
      }
    }
    in.context = std::move(context.end()).str();
    if (const auto options = f.optional_object("options")) {
      in.warm = options->boolean("warmKnowledgeCache", false);
      in.debug = options->boolean("debugMode", false);
    }
    return in;
  }
};

constexpr pg::Statement kCreate{
    "create_chat_session",
    "select s->>'sessionId', s->>'accountId', (s->>'knowledgeVersion')::bigint "
    "from api.create_chat_session($1, $2, $3) s"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.agent_id, input.context, input.debug);
  const pg::Rows made = co_await call.db().rows(kCreate, std::move(params));
  if (made.size() != 1) raise(Errc::not_found);
  const std::string config = co_await chat_config(call, input.agent_id);
  Library::Value warmed;
  if (input.warm) {
    auto& library = call.context().local<Library>();
    const uint64_t lane = std::hash<Uuid>()(made.uuid(0, 1).value_or(Uuid()));
    warmed = co_await library.open(input.agent_id.str(), made.integer(0, 2), lane);
  }
  const wire::Fields fields = wire::Fields::parse(config).or_raise();
  wire::JsonWriter body;
  body.object().field("sessionId", made.text(0, 0)).raw_field("chatbotConfig", config);
  body.object("cacheStatus")
      .field("warmed", input.warm)
      .field("vectorsLoaded", static_cast<int64_t>(warmed ? warmed->size() : 0))
      .field("cacheSize", std::to_string(((warmed ? warmed->bytes() : 0) + 1023) / 1024) + " KB")
      .end();
  body.raw_field("operatingHours",
                 fields.optional_object_text("operatingHours", 64_KiB).value_or("{}"));
  body.end();
  co_return created(std::move(body).str());
}

Endpoint endpoint() {
  return {.method = http::Method::post,
          .path = "/api/chatbot-widget/session",
          .auth = Auth::visitor | Auth::api_key,
          .body_bytes_max = 16_KiB,
          .rate = per_caller(30, 60),
          .summary = "Begin a session with an agent",
          .handle = handle};
}

}  // namespace chatpad::functions::chatbot_widget::session
