#include "runtime/unit.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "functions/shared/ai/ai_metrics.h"
#include "functions/shared/conversation/realtime_rule.h"
#include "functions/shared/knowledge/library.h"
#include "runtime/account_metrics.h"
#include "runtime/base/log.h"

namespace chatpad {
namespace {

constexpr int kWorkerThreads = 2;
constexpr size_t kWorkerJobsMax = 64;
constexpr size_t kOwnDescriptors = 256;  // databases, logs, curl, libuv

std::vector<std::string> labels_of(const edge::Router& router) {
  std::vector<std::string> labels;
  for (const edge::Route& route : router.routes()) labels.push_back(route.label);
  return labels;
}

pg::PoolOptions pool_options(const Config& config, const std::string& conninfo) {
  pg::PoolOptions options;
  options.conninfo = conninfo;
  options.connections_max = config.pool_connections;
  return options;
}

// Each loop's share of the descriptors the system allows, less what the program needs for itself.
http::ServerLimits http_limits(const Config& config) {
  http::ServerLimits limits;
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return limits;
  const auto loops = static_cast<size_t>(std::max(1, config.loops));
  const size_t usable = files.rlim_cur > kOwnDescriptors ? files.rlim_cur - kOwnDescriptors : 1;
  limits.connections_max = std::min(limits.connections_max, std::max<size_t>(1, usable / loops));
  return limits;
}

realtime::AccountRates account_defaults(const RealtimeSettings& settings) {
  realtime::AccountRates rates;
  rates.clients_max = settings.clients;
  rates.channels_max = settings.channels;
  rates.joins_per_s = settings.joins;
  rates.events_per_s = settings.events;
  rates.bytes_per_s = settings.bytes;
  rates.presence_per_s = settings.presence;
  return rates;
}

realtime::HubOptions hub_options(const Config& settings, const edge::Authenticator& verifier,
                                 realtime::RightsProbe& rights, realtime::RecoveryReader& recovery,
                                 realtime::AccountLimits& accounts) {
  realtime::HubOptions options;
  options.limits.rate_scale = settings.rate_scale;
  options.public_url = settings.public_url;
  options.verifier = &verifier;
  options.rights = &rights;
  options.recovery = &recovery;
  options.accounts = &accounts;
  options.rule = functions::client_broadcast;
  return options;
}

}  // namespace

Shared::Shared(const Config& settings, const edge::Router& routes)
    : config(settings),
      router(routes),
      limiter(settings.rate_scale),
      metrics(labels_of(routes)),
      commons(config, metrics),
      workers(kWorkerThreads, kWorkerJobsMax),
      accounts(account_defaults(settings.realtime), settings.rate_scale) {
  add_account_metrics(metrics, accounts);
  functions::ai::add_ai_metrics(metrics);
  commons.get<functions::KnowledgeShelf>();
}

Unit::Unit(int index, Shared& shared, const DatabaseLogins& logins, edge::KeyRingRef ring)
    : loop(index),
      shared_(shared),
      pool(loop, pool_options(shared.config, logins.authenticator)),
      service_pool(loop, pool_options(shared.config, logins.service)),
      key_uses(loop, service_pool),
      authenticator(loop, pool, std::move(ring)),
      rights(pool),
      recovery(pool, service_pool),
      hub(loop, hub_options(shared.config, authenticator, rights, recovery, shared.accounts)),
      changes(hub, pool, service_pool),
      publisher(hub, shared.bus),
      context({loop, shared.config, pool, service_pool, publisher, shared.workers, authenticator,
               shared.metrics, shared.commons, shared.realtime_live}),
      dispatch({context, shared.router, shared.limiter, shared.metrics.counters_of_loop(index),
                [this](edge::UpgradedSocket socket) { on_upgraded(std::move(socket)); }}) {
  shared.bus.add(hub);
  context.listen([this](const edge::DurableEvent& event) {
    if (const auto ended = edge::sessions_ended(event)) authenticator.note(*ended);
  });
  hub.attach(&changes);
  authenticator.attach(&key_uses);
  context.listen([this](const edge::DurableEvent& event) { authenticator.hear(event); });
  server = std::make_unique<http::Server>(loop, http_limits(shared.config), dispatch);
  sockets = std::make_unique<realtime::SocketServer>(loop, hub, realtime::SocketLimits());
  stats_turn_end_ = loop.on_turn_end([this] { stats.copy_from(*this); });
}

Unit::~Unit() { loop.remove_turn_end(stats_turn_end_); }

void Unit::adopt(int fd, std::string peer) {
  const bool posted = loop.post(
      [this, fd, peer = std::move(peer)]() mutable { server->adopt(fd, std::move(peer)); });
  if (!posted) ::close(fd);
}

void Unit::on_upgraded(edge::UpgradedSocket socket) {
  if (!socket.bearer.empty()) {
    realtime::RequestOpening opening;
    opening.path = std::move(socket.path);
    opening.peer = std::move(socket.peer);
    opening.headers = {{"authorization", "Bearer " + socket.bearer}};
    if (!socket.origin.empty()) opening.headers.emplace_back("origin", std::move(socket.origin));
    sockets->adopt(std::move(socket.socket), socket.key, dispatch, std::move(opening));
    return;
  }
  realtime::SessionInfo info;
  info.vsn = socket.vsn == "2.0.0" ? realtime::Vsn::v2 : realtime::Vsn::v1;
  info.caller = callers_.share(std::move(socket.caller));
  info.peer = std::move(socket.peer);
  info.key = std::move(socket.key);
  info.origin = std::move(socket.origin);
  sockets->adopt(std::move(socket.socket), std::move(info));
}

void Unit::use(edge::KeyRingRef ring) {
  if (authenticator.use(std::move(ring)) && sockets) sockets->send_away(realtime::Close::draining);
}

void Unit::shut_out(const std::vector<edge::SessionsEnded>& ended) {
  for (const edge::SessionsEnded& one : ended) authenticator.note(one);
  hub.end_sessions([this](const edge::Caller& caller) { return authenticator.has_ended(caller); });
}

void Unit::drain(std::function<void()> done) {
  key_uses.tell();
  auto left = std::make_shared<int>(2);
  auto one_done = [left, done = std::move(done)] {
    if (--*left == 0) done();
  };
  server->drain(shared_.config.drain_ms, one_done);
  sockets->drain(realtime::Close::draining, one_done);
}

void Unit::end() {
  context.end_locals();
  sockets.reset();
  changes.stop();
  server.reset();
  key_uses.stop();
  pool.close();
  service_pool.close();
  loop.stop();
}

}  // namespace chatpad
