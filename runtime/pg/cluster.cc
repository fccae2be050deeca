#include "runtime/pg/cluster.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/pg/embedded.h"

namespace chatpad::pg {
namespace fs = std::filesystem;
namespace {

uint64_t fnv1a(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return hash;
}

std::string hex(uint64_t value) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(value));
  return digits;
}

Result<void> own_directory(const std::string& path, const ServerUser& user) {
  std::error_code code;
  fs::create_directories(path, code);
  if (code || ::chown(path.c_str(), user.uid, user.gid) != 0 || ::chmod(path.c_str(), 0700) != 0) {
    return cluster_error("The directory " + path + " cannot be made or given to the user " +
                         user.name + ".");
  }
  return {};
}

Result<void> write_file(const std::string& path, const std::string& text, const ServerUser& user) {
  const std::string fresh = path + ".new";
  {
    std::ofstream out(fresh, std::ios::trunc | std::ios::binary);
    out << text;
    if (!out.flush()) return cluster_error("The file " + path + " cannot be written.");
  }
  if (::chown(fresh.c_str(), user.uid, user.gid) != 0 || ::chmod(fresh.c_str(), 0600) != 0 ||
      ::rename(fresh.c_str(), path.c_str()) != 0) {
    return cluster_error("The file " + path + " cannot be written.");
  }
  return {};
}

std::string first_line_of(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

// Remembered in `note`, so that a program that is killed again and again leaves one directory.
Result<std::string> short_socket_dir(const std::string& note, const ServerUser& user) {
  const std::string last = first_line_of(note);
  struct stat info {};
  if (!last.empty() && ::lstat(last.c_str(), &info) == 0 && S_ISDIR(info.st_mode) &&
      info.st_uid == user.uid) {
    return last;
  }
  char pattern[] = "/tmp/chatpad-XXXXXX";
  if (!::mkdtemp(pattern)) return cluster_error("No temporary directory can be made in /tmp.");
  const Result<void> noted = write_file(note, pattern, user);
  if (!noted) return noted.error();
  return std::string(pattern);
}

}  // namespace

Error cluster_error(std::string sentence, std::string cause) {
  return Error(Errc::internal, PublicText(std::move(sentence)), LogText(std::move(cause)));
}

Result<ServerUser> server_user() {
  ServerUser user;
  user.uid = ::geteuid();
  user.gid = ::getegid();
  const passwd* entry = user.uid == 0 ? ::getpwnam("postgres") : ::getpwuid(user.uid);
  if (user.uid != 0) {
    user.name = entry ? entry->pw_name : std::to_string(user.uid);
    return user;
  }
  if (!entry) {
    return cluster_error(
        "PostgreSQL does not run as root and there is no system user \"postgres\": "
        "install the package postgresql, or start chatpad as an ordinary user.");
  }
  user.privileges = ServerUser::Privileges::drop;
  user.uid = entry->pw_uid;
  user.gid = entry->pw_gid;
  user.name = entry->pw_name;
  int count = 64;
  user.groups.resize(static_cast<size_t>(count));
  if (::getgrouplist(entry->pw_name, entry->pw_gid, user.groups.data(), &count) < 0) count = 0;
  user.groups.resize(static_cast<size_t>(count));
  return user;
}

bool can_reach(const std::string& path, const ServerUser& user) {
  for (fs::path step = path; !step.empty(); step = step.parent_path()) {
    struct stat info {};
    if (::stat(step.c_str(), &info) == 0) {
      const bool owner = info.st_uid == user.uid;
      const bool group = info.st_gid == user.gid;
      const mode_t needed = owner ? S_IXUSR : group ? S_IXGRP : S_IXOTH;
      if (!(info.st_mode & needed)) return false;
    }
    if (step == step.root_path()) break;
  }
  return true;
}

Result<ClusterPaths> cluster_paths(const std::string& home, const ServerUser& user) {
  std::error_code code;
  if (!fs::exists(home, code)) {
    fs::create_directories(home, code);
    if (code) return cluster_error("The directory " + home + " cannot be made.", code.message());
    fs::permissions(home, static_cast<fs::perms>(0711), code);
  }
  const std::string real_home = fs::canonical(home, code).string();
  if (code) return cluster_error("The directory " + home + " cannot be used.", code.message());

  ClusterPaths paths;
  paths.cluster = real_home + "/postgres";
  if (user.privileges == ServerUser::Privileges::drop && !can_reach(real_home, user)) {
    paths.cluster = "/var/lib/chatpad/" + hex(fnv1a(real_home));
    fs::create_directories("/var/lib/chatpad", code);
    log::Line(LogLevel::info, "cluster_elsewhere").field("directory", paths.cluster);
  }
  const Result<void> owned = own_directory(paths.cluster, user);
  if (!owned) return owned.error();
  paths.data = paths.cluster + "/data";
  paths.log_file = paths.cluster + "/postgres.log";
  paths.socket_dir = paths.cluster + "/run";
  // Room for "/.s.PGSQL.65535" and the lock file beside it.
  if (paths.socket_dir.size() + 15 > Embedded::kSocketPathBytesMax) {
    Result<std::string> elsewhere = short_socket_dir(paths.cluster + "/socket_dir", user);
    if (!elsewhere) return elsewhere.error();
    paths.socket_dir = std::move(*elsewhere);
    paths.temporary_socket_dir = true;
  }
  const Result<void> run = own_directory(paths.socket_dir, user);
  if (!run) return run.error();
  return paths;
}

Result<std::string> find_bin_dir(const std::string& wanted, const std::string& data) {
  const std::string made_by = first_line_of(data + "/PG_VERSION");
  if (!wanted.empty()) return wanted;
  std::error_code code;
  int newest = 0;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", code)) {
    const int major = std::atoi(entry.path().filename().c_str());
    if (!fs::exists(entry.path() / "bin/postgres") || !fs::exists(entry.path() / "bin/initdb")) {
      continue;
    }
    if (!made_by.empty() && major == std::atoi(made_by.c_str())) {
      return (entry.path() / "bin").string();
    }
    newest = std::max(newest, major);
  }
  if (!made_by.empty()) {
    return cluster_error("The data in " + data + " was made by PostgreSQL " + made_by +
                         ", which is not installed: install postgresql-" + made_by + ".");
  }
  if (newest < Embedded::kMajorMin) {
    return cluster_error(
        "PostgreSQL 15 or newer is not installed: install the package postgresql, or set "
        "CHATPAD_DATABASE_URL.");
  }
  return "/usr/lib/postgresql/" + std::to_string(newest) + "/bin";
}

// Made beside and renamed, so that an interrupted initdb leaves nothing that looks complete.
Result<void> make_cluster(const ClusterPaths& paths, const std::string& bin_dir,
                          const ServerUser& user, Durability durability) {
  std::error_code code;
  if (fs::exists(paths.data + "/PG_VERSION", code)) return {};
  const std::string fresh = paths.data + ".new";
  fs::remove_all(fresh, code);
  std::vector<std::string> argv{bin_dir + "/initdb",
                                "-D",
                                fresh,
                                "-U",
                                "postgres",
                                "--auth=trust",
                                "--encoding=UTF8",
                                "--locale=C.UTF-8",
                                "--data-checksums",
                                "--no-instructions"};
  if (durability == Durability::throw_away) argv.push_back("--no-sync");
  const Result<void> made = run_as(user, argv, paths.log_file);
  if (!made) return made.error();
  fs::rename(fresh, paths.data, code);
  if (code)
    return cluster_error("The new database cluster cannot be put in place.", code.message());
  return {};
}

Result<void> write_settings(const ClusterPaths& paths, const ServerUser& user, int port,
                            Durability durability) {
  const std::string fsync = durability == Durability::throw_away ? "off" : "on";
  const std::string text =
      "# Written by chatpad at every start. Your own settings: " + paths.cluster +
      "/postgresql.user.conf\n"
      "listen_addresses = ''\n"
      "unix_socket_directories = '" +
      paths.socket_dir +
      "'\n"
      "unix_socket_permissions = 0700\n"
      "port = " +
      std::to_string(port) +
      "\n"
      "max_connections = 100\n"
      "shared_buffers = 128MB\n"
      "wal_level = logical\n"
      "max_wal_senders = 8\n"
      "max_replication_slots = 8\n"
      "max_slot_wal_keep_size = 1GB\n"
      "max_wal_size = 1GB\n"
      "wal_sender_timeout = 30s\n"
      "idle_in_transaction_session_timeout = 30s\n"
      "synchronous_commit = on\n"
      "fsync = " +
      fsync +
      "\n"
      "jit = off\n"
      "timezone = 'UTC'\n"
      "log_timezone = 'UTC'\n"
      "lc_messages = 'C'\n"
      // Statements and the values in their errors stay out of the file.
      "log_min_messages = log\n"
      "log_min_error_statement = panic\n"
      "log_line_prefix = '%m [%p] '\n"
      "include_if_exists '" +
      paths.cluster + "/postgresql.user.conf'\n";
  const Result<void> settings = write_file(paths.data + "/postgresql.conf", text, user);
  if (!settings) return settings.error();
  return write_file(paths.data + "/pg_hba.conf", "local all all trust\n", user);
}

Result<void> end_orphan(const ClusterPaths& paths) {
  const std::string pid_file = paths.data + "/postmaster.pid";
  const pid_t pid = std::atoi(first_line_of(pid_file).c_str());
  if (pid <= 0) return {};
  std::error_code code;
  const auto is_ours = [&] {
    // A postmaster's working directory is its data directory; a pid can be anybody's by now.
    return fs::read_symlink("/proc/" + std::to_string(pid) + "/cwd", code) == paths.data;
  };
  if (!is_ours()) {
    fs::remove(pid_file, code);
    return {};
  }
  log::Line(LogLevel::warn, "orphan_database_stopped").field("pid", pid);
  const uint64_t start_ms = monotonic_ms();
  int signal = SIGINT;
  ::kill(pid, signal);
  while (is_ours()) {
    const uint64_t waited_ms = monotonic_ms() - start_ms;
    if (signal == SIGINT && waited_ms > Embedded::kFastStopMs) ::kill(pid, signal = SIGQUIT);
    if (waited_ms > Embedded::kFastStopMs + Embedded::kImmediateStopMs) {
      return cluster_error("A PostgreSQL server (process " + std::to_string(pid) +
                           ") holds this home's database and does not stop.");
    }
    ::usleep(5000);
  }
  return {};
}

std::string last_log_line(const std::string& log_file) {
  std::ifstream in(log_file);
  std::string line;
  std::string last;
  while (std::getline(in, line)) {
    if (!line.empty()) last = line;
  }
  return last;
}

}  // namespace chatpad::pg
