// Load for a broadcast server: SUBS subscribers of one topic and one publisher that sends INFLIGHT
// messages at once and the next ones when every subscriber has them. Prints the server's CPU time
// (utime + stime of PID) per delivery.
//
//   load hub|plain PORT PID SUBS INFLIGHT SECONDS PAYLOAD_BYTES
//
// `hub` joins and publishes as a Supabase client of vsn 2.0.0 does. `plain` is for peers that
// publish what they are sent: the publisher sends messages as long as the hub's outgoing frames.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace {

std::string masked(uint8_t opcode, const std::string& payload) {
  std::string frame;
  frame += static_cast<char>(0x80 | opcode);
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80 | payload.size());
  } else {
    frame += static_cast<char>(0x80 | 126);
    frame += static_cast<char>(payload.size() >> 8);
    frame += static_cast<char>(payload.size() & 0xff);
  }
  frame.append(4, '\0');  // a zero mask leaves the payload as it is
  return frame + payload;
}

void write_all(int fd, const std::string& bytes) {
  size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t n = write(fd, bytes.data() + at, bytes.size() - at);
    if (n > 0) {
      at += static_cast<size_t>(n);
    } else if (errno != EAGAIN) {
      std::perror("write");
      std::exit(1);
    }
  }
}

int open_socket(int port, bool hub) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    std::perror("connect");
    std::exit(1);
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  write_all(
      fd,
      "GET /realtime/v1/websocket?vsn=2.0.0 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Version: 13\r\n\r\n");
  std::string head;
  char c;
  while (head.find("\r\n\r\n") == std::string::npos && read(fd, &c, 1) == 1) head += c;
  if (hub) {
    write_all(fd, masked(1, R"(["1","1","realtime:room","phx_join",{"config":{}}])"));
    char reply[512];
    if (read(fd, reply, sizeof reply) <= 0) std::exit(1);
  }
  fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

double cpu_seconds(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  text = text.substr(text.rfind(')') + 2);
  unsigned long user = 0, system = 0;
  std::sscanf(text.c_str(), "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) return 2;
  const bool hub = std::string(argv[1]) == "hub";
  const int port = std::atoi(argv[2]);
  const std::string pid = argv[3];
  const int subscribers = std::atoi(argv[4]);
  const long in_flight = std::atol(argv[5]);
  const double seconds = std::atof(argv[6]);
  const size_t payload_bytes = static_cast<size_t>(std::atol(argv[7]));
  const rlimit files{20000, 20000};
  setrlimit(RLIMIT_NOFILE, &files);

  const std::string topic = "realtime:room", event = "e";
  const std::string json = "\"" + std::string(payload_bytes - 2, 'x') + "\"";
  std::string push("\x03\x00\x00", 3);
  push += static_cast<char>(topic.size());
  push += static_cast<char>(event.size());
  push.append("\0\1", 2);
  push += topic + event + json;
  const std::string out(5 + topic.size() + event.size() + json.size(), 'x');  // as long as kind 4
  const std::string message = masked(2, hub ? push : out);
  const long frame_bytes = static_cast<long>(out.size()) + (out.size() < 126 ? 2 : 4);

  const int epoll = epoll_create1(0);
  std::vector<int> fds;
  for (int i = 0; i < subscribers; ++i) {
    fds.push_back(open_socket(port, hub));
    epoll_event interest{EPOLLIN, {.fd = fds.back()}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fds.back(), &interest);
  }
  const int publisher = open_socket(port, hub);
  usleep(300000);

  std::vector<char> buffer(1 << 18);
  std::vector<epoll_event> events(4096);
  const auto drain = [&](int wait_ms) {
    long got = 0;
    const int n = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), wait_ms);
    for (int i = 0; i < n; ++i) {
      const ssize_t size =
          read(events[static_cast<size_t>(i)].data.fd, buffer.data(), buffer.size());
      if (size <= 0 && errno != EAGAIN) std::exit(3);
      if (size > 0) got += size;
    }
    return got;
  };
  drain(50);

  long sent = 0, bytes = 0;
  const long round = frame_bytes * subscribers;
  const double cpu_from = cpu_seconds(pid), from = now_s();
  while (now_s() - from < seconds) {
    std::string batch;
    for (long i = 0; i < in_flight; ++i) batch += message;
    sent += in_flight;
    write_all(publisher, batch);
    while (bytes < sent * round && now_s() - from < seconds + 5) bytes += drain(100);
  }
  while (bytes < sent * round && now_s() - from < seconds + 5) bytes += drain(100);
  const double elapsed = now_s() - from, cpu = cpu_seconds(pid) - cpu_from;
  const double deliveries = static_cast<double>(bytes) / static_cast<double>(frame_bytes);
  std::printf("%s subs %d inflight %ld payload %zu: %.0f deliveries, %.0f/s, %.3f us CPU each%s\n",
              argv[1], subscribers, in_flight, payload_bytes, deliveries, deliveries / elapsed,
              cpu * 1e6 / deliveries, bytes == sent * round ? "" : " (INCOMPLETE)");
  return bytes == sent * round ? 0 : 4;
}
