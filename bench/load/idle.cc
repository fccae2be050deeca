// Many sockets that are joined and silent but for heartbeats.
//
//   idle PORT PID SOCKETS WINDOW HEARTBEAT_SECONDS PATH [JOIN]
//
// Opens SOCKETS, WINDOW at a time, at PATH; JOIN is the message each sends then (its `@` becomes
// the socket's number) and waits for the answer of. Prints how many a second were joined and what
// each costs in PID's resident memory, then sends one heartbeat per socket and 25 s, evenly spread,
// for HEARTBEAT_SECONDS and prints the share of a core that PID spent meanwhile.
#include "bench/load/websocket.h"

namespace {

constexpr double kHeartbeatEveryS = 25;

struct What {
  std::string path, join;
};

std::string path_of(int, const void* with) { return static_cast<const What*>(with)->path; }

std::string join_of(int i, const void* with) {
  std::string text = static_cast<const What*>(with)->join;
  if (text.empty()) return text;
  for (size_t at = text.find('@'); at != std::string::npos; at = text.find('@')) {
    text.replace(at, 1, std::to_string(i));
  }
  return load::masked(1, text);
}

// Reads whatever came and forgets it.
void drain(int fd) {
  char buffer[4096];
  while (read(fd, buffer, sizeof buffer) == static_cast<ssize_t>(sizeof buffer)) {
  }
}

void beat(const std::vector<int>& fds, const std::string& pid, double seconds) {
  const std::string frame = load::masked(1, R"([null,"7","phoenix","heartbeat",{}])");
  const double per_s = static_cast<double>(fds.size()) / kHeartbeatEveryS;
  const double from = load::now_s(), cpu_from = load::cpu_seconds(pid);
  size_t sent = 0;
  while (load::now_s() - from < seconds) {
    const auto due = static_cast<size_t>((load::now_s() - from) * per_s);
    for (; sent < due; ++sent) {
      const int fd = fds[sent % fds.size()];
      drain(fd);
      load::write_all(fd, frame);
    }
    usleep(1000);
  }
  const double share = (load::cpu_seconds(pid) - cpu_from) / (load::now_s() - from);
  std::printf("heartbeats %zu share %.4f\n", sent, share);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 7) return 2;
  load::allow_files();
  const int port = std::atoi(argv[1]), sockets = std::atoi(argv[3]), window = std::atoi(argv[4]);
  const std::string pid = argv[2];
  const double heartbeat_s = std::atof(argv[5]);
  const What what{argv[6], argc > 7 ? argv[7] : ""};

  const long before_kib = load::resident_kib(pid);
  const double cpu_before = load::cpu_seconds(pid), own_before = load::own_cpu_seconds();
  load::Opening opening(port, sockets, window, &what, path_of, join_of);
  const std::vector<int> fds = opening.run(what.join.empty() ? 0 : 1);
  const double cpu = load::cpu_seconds(pid) - cpu_before;
  const double own_cpu = load::own_cpu_seconds() - own_before;
  std::printf("joined %d per_s %.0f cpu_us %.1f load_cpu_us %.1f\n", sockets,
              sockets / opening.took_s, cpu * 1e6 / sockets, own_cpu * 1e6 / sockets);
  sleep(2);
  const long after_kib = load::resident_kib(pid);
  std::printf("rss before_kib %ld after_kib %ld each_kib %.3f\n", before_kib, after_kib,
              static_cast<double>(after_kib - before_kib) / sockets);
  std::fflush(stdout);
  if (heartbeat_s > 0) beat(fds, pid, heartbeat_s);
  return 0;
}
