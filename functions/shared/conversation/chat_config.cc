#include "functions/shared/conversation/chat_config.h"

#include "functions/shared/hours/live_hours.h"
#include "runtime/edge/context.h"
#include "runtime/wire/json.h"
#include "runtime/wire/own_origin.h"

namespace chatpad::functions {
namespace {

constexpr pg::Statement kConfig{
    "chat_config",
    "select agent->>'id', agent->>'name', jsonb_build_object("
    "'tone', coalesce(config#>>'{personality,tone}', 'professional'), 'responseStyle', "
    "'{\"length\":\"balanced\",\"emojiUsage\":\"none\",\"followUpQuestions\":false,"
    "\"proactiveOffering\":false}'::jsonb || coalesce(config#>'{personality,responseStyle}', "
    "'{}')),"
    " jsonb_build_object('theme', config->'theme', 'branding', config->'branding'),"
    " jsonb_build_object('leadCapture', coalesce((config#>>'{features,leadCapture}')::boolean, "
    "true),"
    " 'knowledgeBase', true, 'fileUpload', false),"
    " operating_hours, operating_hours - 'timezone'"
    " from api.get_widget_config($1, $2, null, $3)"};

// The members of two objects as one.
std::string joined(std::string_view first, std::string_view second) {
  if (second.size() <= 2) return std::string(first);
  return std::string(first.substr(0, first.size() - 1)) + "," + std::string(second.substr(1));
}

}  // namespace

Task<std::string> chat_config(edge::Call call, Uuid agent_id) {
  const std::string origin(call.origin());
  const bool own_page = wire::is_own_origin(origin, call.context().config().public_url);
  pg::Params params(agent_id, origin, own_page);
  const pg::Rows rows = co_await call.db().rows(kConfig, std::move(params));
  if (rows.size() != 1) raise(Errc::not_found);
  const std::string live = call.context().local<LiveHours>().json(rows.text(0, 5));
  wire::JsonWriter body;
  body.object()
      .field("id", rows.text(0, 0))
      .field("name", rows.text(0, 1))
      .raw_field("personalitySettings", rows.text(0, 2))
      .raw_field("operatingHours", joined(live, rows.text(0, 6)))
      .raw_field("uiSettings", rows.text(0, 3))
      .raw_field("features", rows.text(0, 4))
      .end();
  co_return std::move(body).str();
}

}  // namespace chatpad::functions
