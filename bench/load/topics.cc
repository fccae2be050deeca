// Many small topics: TOPICS of them with MEMBERS sockets each. A member of a topic chosen in turn
// sends a message that every member gets, itself included, RATE messages a second in total. Prints
// how long after the moment it was due each delivery arrived: a late sender counts against the
// server.
//
//   topics hub|plain PORT PID TOPICS MEMBERS RATE SECONDS PATH
//
// PATH is where hubs are joined; plain servers are told the topic in the query.
#include "bench/load/websocket.h"

namespace {

constexpr std::string_view kMark = "\"at ";  // followed by 16 digits: microseconds
constexpr size_t kPayloadBytes = 100;
constexpr double kSettleS = 1;  // not counted

struct What {
  bool hub;
  int topics;
  std::string path;
};

std::string topic_of(int i, const What& what) { return "t" + std::to_string(i % what.topics); }

std::string path_of(int i, const void* with) {
  const What& what = *static_cast<const What*>(with);
  return what.hub ? what.path : "/?topic=" + topic_of(i, what) + "&self";
}

std::string join_of(int i, const void* with) {
  const std::string topic = topic_of(i, *static_cast<const What*>(with));
  return load::masked(1, "[\"1\",\"1\",\"realtime:" + topic +
                             R"(","phx_join",{"config":{"broadcast":{"self":true}}}])");
}

std::string message(bool hub, const std::string& topic, uint64_t at_us) {
  char text[32];
  std::snprintf(text, sizeof text, "\"at %016llu", static_cast<unsigned long long>(at_us));
  std::string json = text;
  json.append(kPayloadBytes - json.size() - 1, '.').append("\"");
  if (hub) return load::push_frame("realtime:" + topic, "m", json);
  return load::masked(2, std::string(10 + topic.size(), '.') + json);
}

// A message is never cut: all of one fits into a segment, and buffers are emptied at once.
void take(int fd, std::vector<uint32_t>& waits_us, uint64_t counted_from_us, size_t& seen) {
  static std::vector<char> buffer(1 << 18);
  const ssize_t size = read(fd, buffer.data(), buffer.size());
  if (size == 0 || (size < 0 && errno != EAGAIN)) load::fail("a member lost its socket");
  std::string_view text(buffer.data(), size > 0 ? static_cast<size_t>(size) : 0);
  const uint64_t now = load::now_us();
  for (size_t at = text.find(kMark); at != text.npos; at = text.find(kMark, at + 1)) {
    const uint64_t due = std::strtoull(text.data() + at + kMark.size(), nullptr, 10);
    if (due < counted_from_us) continue;
    ++seen;
    waits_us.push_back(static_cast<uint32_t>(now > due ? now - due : 0));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 9) return 2;
  load::allow_files();
  const int port = std::atoi(argv[2]);
  const std::string pid = argv[3];
  const What what{std::string(argv[1]) == "hub", std::atoi(argv[4]), argv[8]};
  const int members = std::atoi(argv[5]);
  const double rate = std::atof(argv[6]), seconds = std::atof(argv[7]);

  load::Opening opening(port, what.topics * members, 64, &what, path_of,
                        what.hub ? join_of : nullptr);
  const std::vector<int> fds = opening.run(what.hub ? 1 : 0);
  const int epoll = epoll_create1(0);
  for (const int fd : fds) {
    epoll_event interest{EPOLLIN, {.fd = fd}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &interest);
  }
  sleep(1);

  std::vector<uint32_t> waits_us;
  std::vector<epoll_event> events(4096);
  size_t sent = 0, counted = 0, seen = 0;
  const uint64_t from_us = load::now_us();
  const auto counted_from_us = from_us + static_cast<uint64_t>(kSettleS * 1e6);
  const auto until_us = counted_from_us + static_cast<uint64_t>(seconds * 1e6);
  double cpu_from = load::cpu_seconds(pid);
  for (uint64_t now = from_us; now < until_us + 2'000'000; now = load::now_us()) {
    for (;;) {
      const auto due_us = from_us + static_cast<uint64_t>(static_cast<double>(sent) * 1e6 / rate);
      if (due_us > now || due_us >= until_us) break;
      if (due_us >= counted_from_us && counted++ == 0) cpu_from = load::cpu_seconds(pid);
      // Neighbours in time are far apart in the list; each of the members speaks in its turn.
      const int topic = static_cast<int>(sent * 2'731 % static_cast<size_t>(what.topics));
      const int speaker = static_cast<int>(sent / static_cast<size_t>(what.topics)) % members;
      load::write_all(fds[static_cast<size_t>(topic + speaker * what.topics)],
                      message(what.hub, topic_of(topic, what), due_us));
      ++sent;
    }
    if (now >= until_us && seen == counted * static_cast<size_t>(members)) break;
    const int n = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < n; ++i) {
      take(events[static_cast<size_t>(i)].data.fd, waits_us, counted_from_us, seen);
    }
    if (n == 0) usleep(50);
  }
  const double cpu = load::cpu_seconds(pid) - cpu_from;
  const size_t wanted = counted * static_cast<size_t>(members);
  std::sort(waits_us.begin(), waits_us.end());
  if (waits_us.empty()) return 4;
  const auto at = [&](double share) {
    return waits_us[static_cast<size_t>(static_cast<double>(waits_us.size() - 1) * share)] / 1000.0;
  };
  std::printf("deliveries %zu of %zu p50_ms %.3f p99_ms %.3f max_ms %.3f cpu_us %.2f\n", seen,
              wanted, at(0.5), at(0.99), at(1), cpu * 1e6 / static_cast<double>(wanted));
  return seen == wanted ? 0 : 4;
}
