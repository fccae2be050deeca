#include "functions/shared/page/agent_page.h"

#include "runtime/edge/context.h"
#include "runtime/edge/page.h"
#include "runtime/wire/url.h"

namespace chatpad::functions {
namespace {

constexpr pg::Statement kAgentPage{"get_agent_page",
                                   "select name, allowed_origins from api.get_agent_page($1)"};

// parse_origin() knows hosts; a policy's grammar allows fewer characters than it.
bool may_stand_in_a_policy(std::string_view source) {
  return source.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-:/") ==
         std::string_view::npos;
}

}  // namespace

std::string frame_ancestors(std::string_view origins) {
  if (origins.empty()) return "";
  std::string sources = "'self'";
  while (!origins.empty()) {
    const size_t end = origins.find('\n');
    const std::optional<wire::Origin> origin = wire::parse_origin(origins.substr(0, end));
    origins = end == std::string_view::npos ? std::string_view() : origins.substr(end + 1);
    if (!origin || (origin->scheme != "https" && origin->scheme != "http")) continue;
    const std::string source = origin->str();
    if (!may_stand_in_a_policy(source)) continue;
    if (sources.size() + 1 + source.size() > kFrameAncestorsBytesMax) continue;
    sources += " ";
    sources += source;
  }
  return sources;
}

Task<PageAgent> find_page_agent(edge::Call call, std::string id) {
  const std::optional<Uuid> agent_id = Uuid::parse(id);
  if (!agent_id) raise(Errc::not_found);
  pg::Params params(*agent_id);
  pg::Rows rows = co_await call.db().rows(kAgentPage, std::move(params));
  if (rows.size() != 1) raise(Errc::not_found);
  PageAgent agent;
  agent.id = agent_id->str();
  agent.name = rows.str(0, 0);
  agent.frame_ancestors = frame_ancestors(rows.text(0, 1));
  co_return agent;
}

Task<edge::Reply> agent_page(edge::Call call, std::string_view shell_name) {
  std::string id(call.path_parameter());
  PageAgent agent = co_await find_page_agent(call, std::move(id));
  const Config& config = call.context().config();
  edge::PagePolicy policy;
  policy.frame_ancestors = agent.frame_ancestors;
  std::string html =
      edge::shell(shell_name)
          .fill(
              {{"agentId", agent.id}, {"agentName", agent.name}, {"publicUrl", config.public_url}});
  co_return edge::page_reply(config, 200, std::move(html), policy);
}

}  // namespace chatpad::functions
