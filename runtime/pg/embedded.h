// Embedded: the private PostgreSQL cluster of one CHATPAD_HOME, started as a child of the program.
//
//   Result<Embedded> database = Embedded::start(options);   // on the main thread, before any loop
//   ... database->conninfo("authenticator", "chatpad") ...
//   database->stop();                                        // after everything has drained
//
// It finds the Debian packages' binaries (major 15 or newer), makes the cluster when there is none,
// listens on a Unix socket in a directory of mode 0700 only, and ends with the program: SIGINT
// (fast, clean) from stop(), the destructor, or the kernel when the program is killed. The kernel's
// signal is tied to the *thread* that called start(), so that thread must live as long as the
// program.
//
// As root the server runs as the system user `postgres`, and when that user cannot reach the home
// the cluster lives in /var/lib/chatpad/<hash of the home path>. A lock file keeps two programs
// apart; a postmaster left by a killed program is stopped and started again.
//
// What an operator may add: <cluster>/postgresql.user.conf is included last. The server's log is
// <cluster>/postgres.log; the program calls bound_log() now and then to keep it below kLogBytesMax.
//
// Synchronous. Errors: Errc::internal with a public sentence that names the remedy.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"

namespace chatpad::pg {

// `throw_away` trades safety against power loss for speed: tests only.
enum class Durability : uint8_t { full, throw_away };

struct EmbeddedOptions {
  std::string home;
  std::string bin_dir;              // empty: the newest of /usr/lib/postgresql/*/bin
  uint64_t ready_ms_max = 120'000;  // crash recovery may take a while
  Durability durability = Durability::full;
};

struct Embedded {
  static constexpr size_t kSocketPathBytesMax = 107;
  static constexpr uint64_t kFastStopMs = 15'000;
  static constexpr uint64_t kImmediateStopMs = 5'000;
  static constexpr uint64_t kLogBytesMax = 16 << 20;
  static constexpr int kMajorMin = 15;
  static constexpr int kVersionAdvised = 150'020;

  static Result<Embedded> start(EmbeddedOptions options);

  Embedded() = default;
  Embedded(Embedded&& other) noexcept;
  Embedded& operator=(Embedded&& other) noexcept;
  ~Embedded() { stop(); }

  std::string conninfo(std::string_view user, std::string_view database) const;
  // Starts the server again when it has ended by itself; does not wait until it is ready, pools try
  // anyway. On the thread that called start(). False: it runs, so there was nothing to do.
  Result<bool> revive();
  void stop();
  // Truncates the server's log after copying it to postgres.log.1, when it has grown too long.
  void bound_log() const;
  bool running() const { return pid > 0; }

  std::string socket_dir;
  int port = 5432;
  std::string cluster_dir;
  std::vector<std::string> command;  // of the server, for revive()
  pid_t pid = 0;
  int lock_fd = -1;
  bool temporary_socket_dir = false;
};

}  // namespace chatpad::pg
