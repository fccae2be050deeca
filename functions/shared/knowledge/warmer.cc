#include "functions/shared/knowledge/warmer.h"

#include <functional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "functions/shared/knowledge/groups.h"
#include "runtime/base/log.h"

namespace chatpad::functions {
namespace {

constexpr pg::Statement kVersions{
    "knowledge_versions", "select agent_id, version, account_id from api.knowledge_versions($1)"};

uint64_t pause_of(const Config& config) {
  return config.knowledge_warming == Warming::eager ? kWarmEagerMs : config.knowledge_warm_s * 1000;
}

}  // namespace

KnowledgeWarmer::KnowledgeWarmer(edge::Context& context)
    : context_(context),
      library_(context.local<Library>()),
      cache_(context.commons().get<KnowledgeShelf>().cache) {}

Task<void> KnowledgeWarmer::run() {
  for (;;) {
    co_await sleep_for(context_.loop(), pause_of(context_.config()));
    try {
      co_await look();
    } catch (const Raised& raised) {
      log::Line(LogLevel::warn, "warming_waits")
          .field("code", error_info(raised.error().errc).code)
          .field("cause", raised.error().cause.value);
    }
  }
}

Task<void> KnowledgeWarmer::look() {
  std::vector<std::string> agents;
  std::unordered_map<std::string, uint64_t> held;
  for (auto& [agent, version] : cache_.agents(kWarmAgentsMax)) {
    agents.push_back(agent);
    held.emplace(agent, version);
  }
  if (agents.empty()) co_return;
  pg::Params params(chatpad::knowledge::group_array(agents));
  pg::Rows rows =
      co_await context_.service_pool().once(pg::service_claims(), kVersions, std::move(params));
  for (int row = 0; row < rows.size(); ++row) {
    std::string agent = rows.str(row, 0);
    const int64_t version = rows.integer(row, 1);
    if (held[agent] == static_cast<uint64_t>(version)) continue;
    const uint64_t lane = std::hash<Uuid>()(rows.uuid(row, 2).value_or(Uuid()));
    co_await library_.open(std::move(agent), version, lane);
  }
}

}  // namespace chatpad::functions
