// Load for a broadcast server: SUBS subscribers of one topic and one publisher that sends INFLIGHT
// messages at once and the next ones when every subscriber has them. Prints the CPU time of the
// server (user and system, of PID) per delivery.
//
//   broadcast KIND PORT PID SUBS INFLIGHT SECONDS PAYLOAD_BYTES
//
// KIND `hub` joins and publishes as a Supabase client of vsn 2.0.0 does. `plain` publishes what
// subscribers get: messages as long as the hub's outgoing frames. `nchan` is `plain` with a path
// for subscribers and another for publishers.
#include "bench/load/websocket.h"

namespace {

const std::string kTopic = "realtime:room", kEvent = "e";

std::string path_of(int, const void* with) { return *static_cast<const std::string*>(with); }
std::string join_of(int, const void*) {
  return load::masked(1, R"(["1","1","realtime:room","phx_join",{"config":{}}])");
}

std::vector<int> open(int port, int count, const std::string& path, bool joins) {
  load::Opening opening(port, count, 64, &path, path_of, joins ? join_of : nullptr);
  return opening.run(joins ? 1 : 0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) return 2;
  const std::string kind = argv[1], pid = argv[3];
  const bool hub = kind == "hub";
  const int port = std::atoi(argv[2]), subscribers = std::atoi(argv[4]);
  const long in_flight = std::atol(argv[5]);
  const double seconds = std::atof(argv[6]);
  const auto payload_bytes = static_cast<size_t>(std::atol(argv[7]));
  load::allow_files();

  const std::string json = "\"" + std::string(payload_bytes - 2, 'x') + "\"";
  const std::string out(5 + kTopic.size() + kEvent.size() + json.size(), 'x');  // as a kind 4
  const std::string message = hub ? load::push_frame(kTopic, kEvent, json) : load::masked(2, out);
  const auto frame_bytes = static_cast<long>(load::delivery_bytes(kTopic, kEvent, json));

  const std::string path = hub               ? "/realtime/v1/websocket?vsn=2.0.0"
                           : kind == "nchan" ? "/sub"
                                             : "/?topic=room";
  const std::vector<int> fds = open(port, subscribers, path, hub);
  const int publisher = open(port, 1, kind == "nchan" ? "/pub" : path, hub).front();
  const int epoll = epoll_create1(0);
  for (const int fd : fds) {
    epoll_event interest{EPOLLIN, {.fd = fd}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &interest);
  }
  usleep(300000);

  std::vector<char> buffer(1 << 18);
  std::vector<epoll_event> events(4096);
  const auto drain = [&](int wait_ms) {
    long got = 0;
    const int n = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), wait_ms);
    for (int i = 0; i < n; ++i) {
      const ssize_t size =
          read(events[static_cast<size_t>(i)].data.fd, buffer.data(), buffer.size());
      if (size <= 0 && errno != EAGAIN) load::fail("a subscriber lost its socket");
      if (size > 0) got += size;
    }
    return got;
  };
  drain(50);

  long sent = 0, bytes = 0;
  const long round = frame_bytes * subscribers;
  const double cpu_from = load::cpu_seconds(pid), from = load::now_s();
  while (load::now_s() - from < seconds) {
    std::string batch;
    for (long i = 0; i < in_flight; ++i) batch += message;
    sent += in_flight;
    load::write_all(publisher, batch);
    while (bytes < sent * round && load::now_s() - from < seconds + 5) bytes += drain(100);
    // What some servers answer to each message.
    while (read(publisher, buffer.data(), buffer.size()) > 0) {
    }
  }
  const double elapsed = load::now_s() - from, cpu = load::cpu_seconds(pid) - cpu_from;
  const double deliveries = static_cast<double>(bytes) / static_cast<double>(frame_bytes);
  std::printf("deliveries %.0f per_s %.0f each_us %.4f%s\n", deliveries, deliveries / elapsed,
              cpu * 1e6 / deliveries, bytes == sent * round ? "" : " INCOMPLETE");
  return bytes == sent * round ? 0 : 4;
}
