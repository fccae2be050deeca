// POST /functions/v1/get-widget-config: what a widget needs to show itself and to talk, including a
// visitor token. Public; the agent's list of allowed origins decides which sites may load it. Our
// own pages always may.
#include "functions/shared/hours/live_hours.h"
#include "functions/shared/visitor/identity.h"
#include "functions/shared/visitor/visitor.h"
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"
#include "runtime/wire/json.h"
#include "runtime/wire/own_origin.h"

namespace chatpad::functions::widget::get_widget_config {
using namespace chatpad::edge;

struct Input {
  Uuid agent_id;
  std::optional<Uuid> visitor_id;
  std::optional<Identity> identity;  // the site vouches for its customer
  static Input read(const wire::Fields& f) {
    return {f.uuid("agentId"), f.optional_uuid("visitorId"), Identity::read(f)};
  }
};

constexpr pg::Statement kConfig{"get_widget_config",
                                "select agent, config, operating_hours, account_id, visitor_id "
                                "from api.get_widget_config($1, $2, $3, $4)"};

// ws:// for http://, wss:// for https://.
std::string realtime_url(const std::string& public_url) {
  const std::string_view rest = std::string_view(public_url).substr(sizeof "http" - 1);
  return "ws" + std::string(rest) + "/realtime/v1";
}

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  const std::string origin(call.origin());
  const bool own_page = wire::is_own_origin(origin, call.context().config().public_url);
  std::optional<Uuid> visitor_id = input.visitor_id;
  std::optional<Uuid> conversation;
  // Whom the site vouches for is known to us only, so it is we who ask for their configuration.
  Db db = call.db();
  if (input.identity) {
    Identified known = co_await identify(call, input.agent_id, input.visitor_id, *input.identity);
    visitor_id = known.visitor;
    conversation = known.conversation;
    db = call.service();
  }
  pg::Params params(input.agent_id, origin, visitor_id, own_page);
  pg::Rows rows = co_await db.rows(kConfig, std::move(params));
  if (rows.size() != 1) raise(Errc::not_found);

  const Uuid visitor = rows.uuid(0, 4).value_or(Uuid::random());
  const Uuid account = rows.uuid(0, 3).value_or(Uuid());
  wire::JsonWriter body;
  body.object()
      .raw_field("agent", rows.text(0, 0))
      .raw_field("config", rows.text(0, 1))
      .raw_field("operatingHours", call.context().local<LiveHours>().json(rows.text(0, 2)))
      .raw_field("visitor",
                 visitor_json(call, visitor, input.agent_id, account, origin, conversation))
      .object("realtime")
      .field("url", realtime_url(call.context().config().public_url))
      .end()
      .end();
  co_return ok(std::move(body).str());
}

Endpoint endpoint() {
  return {.auth = Auth::anyone,
          .body_bytes_max = 24_KiB,
          .rate = per_address(120, 10),
          .summary = "What a widget needs to start: look, behaviour, opening hours, visitor token",
          .handle = handle};
}

}  // namespace chatpad::functions::widget::get_widget_config
