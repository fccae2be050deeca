// Unit: everything of one event loop. The order of the members is the order of construction, and
// the reverse of it the order in which they end.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "realtime/changes/changes.h"
#include "realtime/hub/account_limits.h"
#include "realtime/hub/bus.h"
#include "realtime/hub/hub.h"
#include "realtime/hub/rights.h"
#include "realtime/socket/socket_server.h"
#include "runtime/base/config.h"
#include "runtime/edge/auth.h"
#include "runtime/edge/caller_shelf.h"
#include "runtime/edge/context.h"
#include "runtime/edge/dispatch.h"
#include "runtime/http/server.h"
#include "runtime/loop/worker_pool.h"
#include "runtime/pg/pool.h"
#include "runtime/program.h"
#include "runtime/unit_stats.h"

namespace chatpad {

// What all units share. Outlives them.
struct Shared {
  Shared(const Config& settings, const edge::Router& routes);

  const Config& config;
  const edge::Router& router;
  edge::RateLimiter limiter;
  edge::Metrics metrics;
  edge::Commons commons;
  WorkerPool workers;
  realtime::Bus bus;
  realtime::AccountLimits accounts;
  std::atomic<bool> realtime_live{false};
};

class Unit {
 public:
  Unit(int index, Shared& shared, const DatabaseLogins& logins, edge::KeyRingRef ring);
  ~Unit();
  Unit(const Unit&) = delete;
  Unit& operator=(const Unit&) = delete;

  // From any thread: takes over an accepted socket.
  void adopt(int fd, std::string peer);
  // On the unit's loop: credentials are checked against this ring. When a key is gone, sockets are
  // sent away: who came with it does not get back in.
  void use(edge::KeyRingRef ring);
  // On the unit's loop: sessions that may have ended while it did not hear of it.
  void shut_out(const std::vector<edge::SessionsEnded>& ended);
  // On the unit's loop: lets requests finish and sends sockets away; `done` is called once, on this
  // loop, when no client is left.
  void drain(std::function<void()> done);
  // On the unit's loop, after drain: closes pools and handles, so that Loop::run() returns.
  void end();

  Loop loop;

 private:
  void on_upgraded(edge::UpgradedSocket socket);

  Shared& shared_;

 public:
  pg::Pool pool;
  pg::Pool service_pool;
  edge::KeyUses key_uses;
  edge::Authenticator authenticator;
  realtime::PgRights rights;
  realtime::PgRecovery recovery;
  realtime::Hub hub;
  realtime::Changes changes;
  realtime::HubPublisher publisher;
  edge::Context context;
  edge::Dispatch dispatch;
  std::unique_ptr<http::Server> server;
  std::unique_ptr<realtime::SocketServer> sockets;
  UnitStats stats;

 private:
  edge::CallerShelf callers_;  // of websockets
  uint64_t stats_turn_end_ = 0;
};

}  // namespace chatpad
