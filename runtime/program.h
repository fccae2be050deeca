// Program: the wiring of everything that runs while the server serves. Nothing else knows all
// rooms.
//
// One Unit per event loop (its own pools, dispatch, HTTP server, hub and websocket server), loop 0
// on the calling thread, the others on threads of their own. Loop 0 also accepts connections, reads
// the WAL feed and does the housekeeping.
//
// run() returns after a drain: SIGINT or SIGTERM stops accepting, lets requests finish and tells
// sockets to come back (1012), for at most Config::drain_ms. A second signal ends at once.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime/base/config.h"
#include "runtime/base/error.h"
#include "runtime/edge/key_ring.h"

namespace chatpad {

// How the program reaches the database under each of its logins.
struct DatabaseLogins {
  std::string authenticator;
  std::string service;
  std::string replicator;
};

class Program {
 public:
  // `config` is complete: port, public_url and jwt_secret are set. `ring`: the keys at the start.
  Program(Config config, DatabaseLogins logins, edge::KeyRingRef ring);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // Opens the listening socket. Raises an error with a public sentence when the address is taken.
  void listen();
  void run();
  // Called on loop 0, thus on the thread that called run(), kChildCheckMs after a child process has
  // ended, and again as long as it returns true.
  void on_child_ended(std::function<bool()> fn);
  // Housekeeping that main adds (the private cluster's log), every kHousekeepingMs on loop 0.
  void on_housekeeping(std::function<void()> fn);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

constexpr uint64_t kHousekeepingMs = 5000;
constexpr uint64_t kChildCheckMs = 250;

}  // namespace chatpad
