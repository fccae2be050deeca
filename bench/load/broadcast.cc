// Load for broadcast servers, in turn, so that what the machine gives in one moment is given to
// all: each has kTurnS while the others are idle. A server has SUBS subscribers of one topic and
// one publisher that sends INFLIGHT messages at once and the next ones when every subscriber has
// them. Prints for each server the CPU time (user and system, of PID) per delivery.
//
//   broadcast SUBS INFLIGHT SECONDS PAYLOAD_BYTES  NAME KIND PORT PID  [NAME KIND PORT PID ...]
//
// SECONDS are those of one server. KIND `hub` joins and publishes as a Supabase client of vsn 2.0.0
// does. `plain` publishes what subscribers get: messages as long as the hub's outgoing frames.
// `nchan` is `plain` with a path for subscribers and another for publishers.
#include <memory>

#include "bench/load/websocket.h"

namespace {

constexpr double kTurnS = 0.25;
const std::string kTopic = "realtime:room", kEvent = "e";

std::string path_of(int, const void* with) { return *static_cast<const std::string*>(with); }
std::string join_of(int, const void*) {
  return load::masked(1, R"(["1","1","realtime:room","phx_join",{"config":{}}])");
}

std::vector<int> open(int port, int count, const std::string& path, bool joins) {
  load::Opening opening(port, count, 64, &path, path_of, joins ? join_of : nullptr);
  return opening.run(joins ? 1 : 0);
}

struct Shape {
  int subscribers;
  long in_flight;
  std::string json;
  long frame_bytes;
};

// One server with its subscribers.
class Side {
 public:
  Side(const Shape& shape, std::string name, const std::string& kind, int port, std::string pid)
      : shape_(shape), name_(std::move(name)), pid_(std::move(pid)) {
    const bool hub = kind == "hub";
    const std::string path = hub               ? "/realtime/v1/websocket?vsn=2.0.0"
                             : kind == "nchan" ? "/sub"
                                               : "/?topic=room";
    const std::string out(5 + kTopic.size() + kEvent.size() + shape.json.size(), 'x');  // a kind 4
    const std::string message =
        hub ? load::push_frame(kTopic, kEvent, shape.json) : load::masked(2, out);
    for (long i = 0; i < shape.in_flight; ++i) batch_ += message;
    epoll_ = epoll_create1(0);
    for (const int fd : open(port, shape.subscribers, path, hub)) {
      epoll_event interest{EPOLLIN, {.fd = fd}};
      epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &interest);
    }
    publisher_ = open(port, 1, kind == "nchan" ? "/pub" : path, hub).front();
  }

  void begin() {
    drain(50);
    cpu_from_ = load::cpu_seconds(pid_);
  }

  void turn() {
    const double from = load::now_s();
    const long round = shape_.frame_bytes * shape_.subscribers;
    while (load::now_s() - from < kTurnS) {
      sent_ += shape_.in_flight;
      load::write_all(publisher_, batch_);
      while (bytes_ < sent_ * round && load::now_s() - from < kTurnS + 5) bytes_ += drain(100);
      // What some servers answer to each message.
      while (read(publisher_, buffer_.data(), buffer_.size()) > 0) {
      }
    }
  }

  // True where every subscriber has had every byte.
  bool end() const {
    const double cpu = load::cpu_seconds(pid_) - cpu_from_;
    const double deliveries = static_cast<double>(bytes_) / static_cast<double>(shape_.frame_bytes);
    const bool complete = bytes_ == sent_ * shape_.frame_bytes * shape_.subscribers;
    std::printf("%s %.4f%s\n", name_.c_str(), cpu * 1e6 / deliveries,
                complete ? "" : " INCOMPLETE");
    return complete;
  }

 private:
  long drain(int wait_ms) {
    long got = 0;
    const int n = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), wait_ms);
    for (int i = 0; i < n; ++i) {
      const ssize_t size =
          read(events_[static_cast<size_t>(i)].data.fd, buffer_.data(), buffer_.size());
      if (size <= 0 && errno != EAGAIN) load::fail("a subscriber lost its socket");
      if (size > 0) got += size;
    }
    return got;
  }

  const Shape& shape_;
  const std::string name_, pid_;
  std::string batch_;
  std::vector<char> buffer_ = std::vector<char>(1 << 18);
  std::vector<epoll_event> events_ = std::vector<epoll_event>(4096);
  int epoll_ = -1, publisher_ = -1;
  long sent_ = 0, bytes_ = 0;
  double cpu_from_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 9 || argc % 4 != 1) return 2;
  load::allow_files();
  const std::string json =
      "\"" + std::string(static_cast<size_t>(std::atol(argv[4])) - 2, 'x') + "\"";
  const Shape shape{std::atoi(argv[1]), std::atol(argv[2]), json,
                    static_cast<long>(load::delivery_bytes(kTopic, kEvent, json))};
  const int turns = static_cast<int>(std::atof(argv[3]) / kTurnS);
  std::vector<std::unique_ptr<Side>> sides;
  for (char** side = argv + 5; side < argv + argc; side += 4) {
    sides.push_back(std::make_unique<Side>(shape, side[0], side[1], std::atoi(side[2]), side[3]));
  }
  usleep(300000);
  for (const auto& side : sides) side->begin();
  for (int i = 0; i < turns; ++i) {
    for (const auto& side : sides) side->turn();
  }
  bool complete = true;
  for (const auto& side : sides) complete = side->end() && complete;
  return complete ? 0 : 4;
}
