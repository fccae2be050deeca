// Fan-out of two servers in turn, so that what the machine gives in one moment is given to both:
// each has kTurnS with the other one idle, then the other has it. Subscribers read seldom, so that
// the load takes little of the cores that the server's loops need: they are emptied every kDrainS,
// a few at a time and without copying (MSG_TRUNC), and nothing waits for them. The last few sockets
// are witnesses: they come last in each loop's fan-out. There is a publisher on each of two loops:
// the loop that is done first gets the next INFLIGHT messages, and is no more than as many ahead of
// the other.
//
//   loops SUBS INFLIGHT SECONDS PAYLOAD_BYTES  PORT PID PATH  PORT PID PATH
//
// SECONDS are those of one server. Prints a line for each: deliveries per second and per CPU second
// of PID, and the cores that server and load took in its turns.
#include "bench/load/websocket.h"

namespace {

constexpr int kWitnesses = 4;  // in turn on the loops, as they are dealt round-robin
constexpr double kTurnS = 0.25;
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

struct Shape {
  int subscribers;
  long in_flight;
  std::string message;
  long frame_bytes;
};

// One server with its subscribers.
class Side {
 public:
  Side(const Shape& shape, int port, std::string pid, std::string path)
      : shape_(shape), pid_(std::move(pid)), path_(std::move(path)) {
    const auto open = [&](int count, int window) {
      load::Opening opening(port, count, window, &path_, path_of, join_of);
      return opening.run(1);
    };
    readers_ = open(shape.subscribers - kWitnesses, 64);
    publishers_ = open(2, 1);  // dealt to the loops in turn, as witnesses are
    witnesses_ = open(kWitnesses, 1);
    epoll_ = epoll_create1(0);
    for (uint32_t i = 0; i < kWitnesses; ++i) {
      epoll_event interest{EPOLLIN, {.u32 = i}};
      epoll_ctl(epoll_, EPOLL_CTL_ADD, witnesses_[i], &interest);
    }
  }

  void begin() {
    for (const int fd : readers_) discard_all(fd);
    for (const int fd : witnesses_) discard_all(fd);
    cpu_from_ = load::cpu_seconds(pid_);
  }

  // Publishes for kTurnS and waits for what is under way.
  void turn() {
    const double from = load::now_s(), own_from = load::own_cpu_seconds();
    double round_from = from;
    size_t next = 0;  // of the readers, in this round of emptying
    for (double now = from; now - from < kTurnS; now = load::now_s()) {
      publish();
      const bool draining = next < readers_.size();
      witness(draining ? 0 : 10);
      for (size_t i = 0; draining && i < kDrainedTogether && next < readers_.size(); ++i) {
        bytes_ += discard(readers_[next++]);
      }
      if (next == readers_.size() && now - round_from >= kDrainS) {
        round_from = now;
        next = 0;
      }
    }
    while (seen_by_all() < sent_ && load::now_s() - from < kTurnS + 10) witness(10);
    elapsed_ += load::now_s() - from;
    own_ += load::own_cpu_seconds() - own_from;
  }

  // True where every subscriber has had every byte.
  bool end(const char* name) {
    const double cpu = load::cpu_seconds(pid_) - cpu_from_;
    for (const int fd : readers_) bytes_ += discard_all(fd);
    for (const long each : seen_) bytes_ += each;
    const double deliveries = static_cast<double>(sent_) * shape_.subscribers;
    const bool complete = bytes_ == sent_ * shape_.frame_bytes * shape_.subscribers;
    std::printf("%s_per_s %.0f %s_per_cpu_s %.0f %s_server_cores %.3f %s_load_cores %.3f%s\n", name,
                deliveries / elapsed_, name, deliveries / cpu, name, cpu / elapsed_, name,
                own_ / elapsed_, complete ? "" : " INCOMPLETE");
    return complete;
  }

 private:
  long seen_by_all() const {
    return *std::min_element(seen_, seen_ + kWitnesses) / shape_.frame_bytes;
  }

  void publish() {
    const auto first = std::max_element(seen_, seen_ + kWitnesses) - seen_;
    const long due = std::min(seen_[first] / shape_.frame_bytes + shape_.in_flight,
                              seen_by_all() + 2 * shape_.in_flight);
    const int publisher = publishers_[static_cast<size_t>(first) % publishers_.size()];
    for (; sent_ < due; ++sent_) load::write_all(publisher, shape_.message);
  }

  void witness(int wait_ms) {
    epoll_event events[kWitnesses];
    const int n = epoll_wait(epoll_, events, kWitnesses, wait_ms);
    for (int i = 0; i < n; ++i)
      seen_[events[i].data.u32] += discard(witnesses_[events[i].data.u32]);
  }

  const Shape& shape_;
  const std::string pid_, path_;
  std::vector<int> readers_, publishers_, witnesses_;
  int epoll_ = -1;
  long sent_ = 0, bytes_ = 0, seen_[kWitnesses] = {};
  double cpu_from_ = 0, elapsed_ = 0, own_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 11) return 2;
  load::allow_files();
  const std::string json =
      "\"" + std::string(static_cast<size_t>(std::atol(argv[4])) - 2, 'x') + "\"";
  const Shape shape{std::atoi(argv[1]), std::atol(argv[2]), load::push_frame(kTopic, kEvent, json),
                    static_cast<long>(load::delivery_bytes(kTopic, kEvent, json))};
  const int turns = static_cast<int>(std::atof(argv[3]) / kTurnS);
  Side first(shape, std::atoi(argv[5]), argv[6], argv[7]);
  Side second(shape, std::atoi(argv[8]), argv[9], argv[10]);
  usleep(500000);
  first.begin();
  second.begin();
  for (int i = 0; i < turns; ++i) {
    first.turn();
    second.turn();
  }
  const bool complete = first.end("first");
  return second.end("second") && complete ? 0 : 4;
}
