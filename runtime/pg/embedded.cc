#include "runtime/pg/embedded.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/pg/blocking.h"
#include "runtime/pg/cluster.h"

namespace chatpad::pg {
namespace {

constexpr useconds_t kPollMinUs = 2'000;
constexpr useconds_t kPollMaxUs = 20'000;

// Between fork and exec: system calls only. The other threads' locks are in an unknown state.
[[noreturn]] void become(const ServerUser& user, char* const* argv, int log_fd, pid_t parent,
                         int death_signal) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  ::setpgid(0, 0);
  ::umask(077);
  if (user.privileges == ServerUser::Privileges::drop) {
    if (::setgroups(user.groups.size(), user.groups.data()) != 0 || ::setgid(user.gid) != 0 ||
        ::setuid(user.uid) != 0) {
      ::_exit(126);
    }
  }
  // After setuid, which clears it. The parent may be gone already.
  if (::prctl(PR_SET_PDEATHSIG, death_signal) != 0 || ::getppid() != parent) ::_exit(126);
  const int null_fd = ::open("/dev/null", O_RDONLY);
  if (::chdir("/") != 0 || null_fd < 0) ::_exit(126);
  ::dup2(null_fd, STDIN_FILENO);
  ::dup2(log_fd, STDOUT_FILENO);
  ::dup2(log_fd, STDERR_FILENO);
  ::close_range(3, ~0U, 0);
  const char* environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC", nullptr};
  ::execve(argv[0], argv, const_cast<char* const*>(environment));
  ::_exit(127);
}

}  // namespace

Result<pid_t> spawn_as(const ServerUser& user, const std::vector<std::string>& argv,
                       const std::string& log_file) {
  const int log_fd = ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log_fd < 0) return cluster_error("The log file " + log_file + " cannot be opened.");
  std::vector<char*> raw;
  for (const std::string& word : argv) raw.push_back(const_cast<char*>(word.c_str()));
  raw.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) become(user, raw.data(), log_fd, parent, SIGINT);
  ::close(log_fd);
  if (child < 0) return cluster_error("The process for PostgreSQL cannot be started.");
  return child;
}

Result<void> run_as(const ServerUser& user, const std::vector<std::string>& argv,
                    const std::string& log_file) {
  const Result<pid_t> child = spawn_as(user, argv, log_file);
  if (!child) return child.error();
  int status = 0;
  while (::waitpid(*child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return cluster_error("The program " + argv[0] + " failed; " + log_file + " says why.",
                       last_log_line(log_file));
}

namespace {

Result<int> lock_cluster(const std::string& cluster_dir) {
  const std::string path = cluster_dir + "/lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return cluster_error("The file " + path + " cannot be opened.");
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    return cluster_error("Another chatpad is running on this home (" + cluster_dir +
                         "): stop it, or set CHATPAD_HOME to another directory.");
  }
  return fd;
}

// Until the server answers, or has ended, or the time is over.
Result<void> wait_ready(Embedded& server, const std::string& log_file, uint64_t ready_ms_max) {
  const uint64_t until_ms = monotonic_ms() + ready_ms_max;
  const std::string conninfo = server.conninfo("postgres", "postgres");
  const std::string socket = server.socket_dir + "/.s.PGSQL." + std::to_string(server.port);
  useconds_t pause_us = kPollMinUs;
  for (;;) {
    // The socket file comes before readiness and costs less to look at than a refused connection.
    if (::access(socket.c_str(), F_OK) == 0) {
      Result<Blocking> connection = Blocking::open(conninfo);
      if (connection) {
        const int version = connection->server_version();
        if (version / 10000 < Embedded::kMajorMin) {
          return cluster_error("PostgreSQL 15 or newer is needed.");
        }
        if (version < Embedded::kVersionAdvised) {
          log::Line(LogLevel::warn, "database_minor_version_old").field("version", version);
        }
        return {};
      }
    }
    int status = 0;
    if (::waitpid(server.pid, &status, WNOHANG) == server.pid) {
      server.pid = 0;
      return cluster_error("PostgreSQL ended while starting; " + log_file + " says why.",
                           last_log_line(log_file));
    }
    if (monotonic_ms() > until_ms) {
      return cluster_error("PostgreSQL did not become ready; " + log_file + " says why.",
                           last_log_line(log_file));
    }
    ::usleep(pause_us);
    pause_us = std::min(pause_us * 2, kPollMaxUs);
  }
}

bool ended_within(pid_t pid, uint64_t limit_ms) {
  const uint64_t until_ms = monotonic_ms() + limit_ms;
  useconds_t pause_us = 500;
  for (;;) {
    const pid_t reaped = ::waitpid(pid, nullptr, WNOHANG);
    if (reaped == pid || (reaped < 0 && errno == ECHILD)) return true;
    if (monotonic_ms() > until_ms) return false;
    ::usleep(pause_us);
    pause_us = std::min(pause_us * 2, kPollMaxUs);
  }
}

}  // namespace

Result<Embedded> Embedded::start(EmbeddedOptions options) {
  Result<ServerUser> user = server_user();
  if (!user) return user.error();
  Result<ClusterPaths> paths = cluster_paths(options.home, *user);
  if (!paths) return paths.error();
  Result<int> lock = lock_cluster(paths->cluster);
  if (!lock) return lock.error();
  Embedded server;
  server.lock_fd = *lock;
  server.cluster_dir = paths->cluster;
  server.socket_dir = paths->socket_dir;
  server.temporary_socket_dir = paths->temporary_socket_dir;
  Result<std::string> bin_dir = find_bin_dir(options.bin_dir, paths->data);
  if (!bin_dir) return bin_dir.error();
  const Result<void> alone = end_orphan(*paths);
  if (!alone) return alone.error();
  const Result<void> made = make_cluster(*paths, *bin_dir, *user, options.durability);
  if (!made) return made.error();
  const Result<void> settings = write_settings(*paths, *user, server.port, options.durability);
  if (!settings) return settings.error();
  server.bound_log();
  server.command = {*bin_dir + "/postgres", "-D", paths->data};
  const Result<pid_t> child = spawn_as(*user, server.command, paths->log_file);
  if (!child) return child.error();
  server.pid = *child;
  const Result<void> ready = wait_ready(server, paths->log_file, options.ready_ms_max);
  if (!ready) return ready.error();
  return server;
}

Embedded::Embedded(Embedded&& other) noexcept
    : socket_dir(std::move(other.socket_dir)),
      port(other.port),
      cluster_dir(std::move(other.cluster_dir)),
      command(std::move(other.command)),
      pid(std::exchange(other.pid, 0)),
      lock_fd(std::exchange(other.lock_fd, -1)),
      temporary_socket_dir(std::exchange(other.temporary_socket_dir, false)) {}

Embedded& Embedded::operator=(Embedded&& other) noexcept {
  if (this == &other) return *this;
  stop();
  socket_dir = std::move(other.socket_dir);
  port = other.port;
  cluster_dir = std::move(other.cluster_dir);
  command = std::move(other.command);
  pid = std::exchange(other.pid, 0);
  lock_fd = std::exchange(other.lock_fd, -1);
  temporary_socket_dir = std::exchange(other.temporary_socket_dir, false);
  return *this;
}

std::string Embedded::conninfo(std::string_view user, std::string_view database) const {
  std::string text = "host='" + socket_dir + "' port=" + std::to_string(port) + " user=";
  text += user;
  text += " dbname=";
  text += database;
  return text;
}

Result<bool> Embedded::revive() {
  if (pid > 0 && ::waitpid(pid, nullptr, WNOHANG) != pid) return false;
  const Result<ServerUser> user = server_user();
  if (!user) return user.error();
  pid = 0;
  const Result<pid_t> child = spawn_as(*user, command, cluster_dir + "/postgres.log");
  if (!child) return child.error();
  pid = *child;
  log::Line(LogLevel::error, "database_started_again").field("pid", pid);
  return true;
}

void Embedded::stop() {
  if (pid > 0) {
    ::kill(pid, SIGINT);
    if (!ended_within(pid, kFastStopMs)) {
      ::kill(pid, SIGQUIT);
      if (!ended_within(pid, kImmediateStopMs)) ::kill(pid, SIGKILL);
    }
    pid = 0;
  }
  if (temporary_socket_dir) {
    std::error_code code;
    std::filesystem::remove_all(socket_dir, code);
    temporary_socket_dir = false;
  }
  if (lock_fd >= 0) ::close(std::exchange(lock_fd, -1));
}

void Embedded::bound_log() const {
  const std::string path = cluster_dir + "/postgres.log";
  std::error_code code;
  const auto bytes = std::filesystem::file_size(path, code);
  if (code || bytes <= kLogBytesMax) return;
  // Copied and truncated, not renamed: the server writes to the open file, in append mode.
  std::filesystem::copy_file(path, path + ".1", std::filesystem::copy_options::overwrite_existing,
                             code);
  if (::truncate(path.c_str(), 0) != 0) {
    log::Line(LogLevel::warn, "database_log_not_truncated").field("file", path);
  }
}

}  // namespace chatpad::pg
