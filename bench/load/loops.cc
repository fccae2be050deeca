// Fan-out to subscribers that read seldom, so that the load takes little of the cores that the
// server's loops need: subscribers are emptied every kDrainS, a few at a time and without copying
// (MSG_TRUNC), and nothing waits for them. The last few sockets are witnesses: they come last in
// each loop's fan-out. There is a publisher on each of two loops: the loop that is done first gets
// the next INFLIGHT messages, and is no more than as many ahead of the other.
//
//   loops PORT PID SUBS INFLIGHT SECONDS PAYLOAD_BYTES PATH
//
// Prints deliveries per second and per CPU second of PID, and the cores that server and load took.
#include "bench/load/websocket.h"

namespace {

constexpr int kWitnesses = 4;  // in turn on the loops, as they are dealt round-robin
constexpr double kDrainS = 0.1;
constexpr size_t kDrainedTogether = 32;  // sockets, before witnesses are looked at again
const std::string kTopic = "realtime:room", kEvent = "e";

std::string path_of(int, const void* with) { return *static_cast<const std::string*>(with); }
std::string join_of(int, const void*) {
  return load::masked(1, R"(["1","1","realtime:room","phx_join",{"config":{}}])");
}

// Bytes that waited; they are thrown away inside the kernel. The next call has the rest.
long discard(int fd) {
  const ssize_t size = recv(fd, nullptr, 1 << 20, MSG_TRUNC | MSG_DONTWAIT);
  if (size == 0 || (size < 0 && errno != EAGAIN)) load::fail("a subscriber lost its socket");
  return std::max(size, ssize_t{0});
}

long discard_all(int fd) {
  long all = 0;
  for (long more = discard(fd); more > 0; more = discard(fd)) all += more;
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) return 2;
  load::allow_files();
  const int port = std::atoi(argv[1]), subscribers = std::atoi(argv[3]);
  const std::string pid = argv[2], path = argv[7];
  const long in_flight = std::atol(argv[4]);
  const double seconds = std::atof(argv[5]);
  const std::string json =
      "\"" + std::string(static_cast<size_t>(std::atol(argv[6])) - 2, 'x') + "\"";
  const std::string message = load::push_frame(kTopic, kEvent, json);
  const auto frame_bytes = static_cast<long>(load::delivery_bytes(kTopic, kEvent, json));

  const auto open = [&](int count, int window) {
    load::Opening opening(port, count, window, &path, path_of, join_of);
    return opening.run(1);
  };
  const std::vector<int> readers = open(subscribers - kWitnesses, 64);
  const std::vector<int> publishers = open(2, 1);  // dealt to the loops in turn, as witnesses are
  const std::vector<int> witnesses = open(kWitnesses, 1);
  const int epoll = epoll_create1(0);
  for (uint32_t i = 0; i < kWitnesses; ++i) {
    epoll_event interest{EPOLLIN, {.u32 = i}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, witnesses[i], &interest);
  }
  usleep(500000);
  for (const int fd : readers) discard_all(fd);
  for (const int fd : witnesses) discard_all(fd);

  long sent = 0, bytes = 0, seen[kWitnesses] = {};
  const auto seen_by_all = [&] { return *std::min_element(seen, seen + kWitnesses) / frame_bytes; };
  const auto first = [&] { return std::max_element(seen, seen + kWitnesses) - seen; };
  const auto witness = [&](int wait_ms) {
    epoll_event events[kWitnesses];
    const int n = epoll_wait(epoll, events, kWitnesses, wait_ms);
    for (int i = 0; i < n; ++i) seen[events[i].data.u32] += discard(witnesses[events[i].data.u32]);
  };
  const double from = load::now_s(), cpu_from = load::cpu_seconds(pid);
  const double own_from = load::own_cpu_seconds();
  double round_from = from;
  size_t next = 0;  // of the readers, in this round of emptying
  for (double now = from; now - from < seconds; now = load::now_s()) {
    const long due =
        std::min(seen[first()] / frame_bytes + in_flight, seen_by_all() + 2 * in_flight);
    const int publisher = publishers[static_cast<size_t>(first()) % publishers.size()];
    for (; sent < due; ++sent) load::write_all(publisher, message);
    const bool draining = next < readers.size();
    witness(draining ? 0 : 10);
    for (size_t i = 0; draining && i < kDrainedTogether && next < readers.size(); ++i) {
      bytes += discard(readers[next++]);
    }
    if (next == readers.size() && now - round_from >= kDrainS) {
      round_from = now;
      next = 0;
    }
  }
  while (seen_by_all() < sent && load::now_s() - from < seconds + 10) witness(10);
  const double elapsed = load::now_s() - from, cpu = load::cpu_seconds(pid) - cpu_from;
  const double own = load::own_cpu_seconds() - own_from;
  for (const int fd : readers) bytes += discard_all(fd);
  for (const long each : seen) bytes += each;
  const double deliveries = static_cast<double>(sent) * subscribers;
  std::printf("deliveries %.0f per_s %.0f per_cpu_s %.0f server_cores %.3f load_cores %.3f%s\n",
              deliveries, deliveries / elapsed, deliveries / cpu, cpu / elapsed, own / elapsed,
              bytes == sent * frame_bytes * subscribers ? "" : " INCOMPLETE");
  return bytes == sent * frame_bytes * subscribers ? 0 : 4;
}
