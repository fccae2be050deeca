// The pieces Embedded::start() is made of: where a cluster lives, who runs it, how it is made and
// which process holds it. Synchronous; start-up only. Errors: public sentences with a remedy.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/pg/embedded.h"

namespace chatpad::pg {

// The account the server runs under. `drop` is true when the program is root.
struct ServerUser {
  enum class Privileges : uint8_t { keep, drop };
  Privileges privileges = Privileges::keep;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  std::string name;
};

struct ClusterPaths {
  std::string cluster;  // everything below belongs to the server's user
  std::string data;
  std::string socket_dir;
  std::string log_file;
  bool temporary_socket_dir = false;
};

Error cluster_error(std::string sentence, std::string cause = {});

Result<ServerUser> server_user();
// True when `user` may pass through every directory down to `path`.
bool can_reach(const std::string& path, const ServerUser& user);
Result<ClusterPaths> cluster_paths(const std::string& home, const ServerUser& user);
// The newest server's directory of programs, or the one that made the existing cluster.
Result<std::string> find_bin_dir(const std::string& wanted, const std::string& data);

// Runs a program as the server's user to its end; its output goes to the log file.
Result<void> run_as(const ServerUser& user, const std::vector<std::string>& argv,
                    const std::string& log_file);
// Starts a program that dies with the calling thread.
Result<pid_t> spawn_as(const ServerUser& user, const std::vector<std::string>& argv,
                       const std::string& log_file);

Result<void> make_cluster(const ClusterPaths& paths, const std::string& bin_dir,
                          const ServerUser& user, Durability durability);
Result<void> write_settings(const ClusterPaths& paths, const ServerUser& user, int port,
                            Durability durability);
// Ends a postmaster that a killed program left, and removes a stale postmaster.pid.
Result<void> end_orphan(const ClusterPaths& paths);
std::string last_log_line(const std::string& log_file);

}  // namespace chatpad::pg
