#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "runtime/control.h"
#include "runtime/realtime_command.h"

namespace chatpad::commands {
namespace {

constexpr size_t kReplyBytesMax = 8 * 1024 * 1024;
constexpr time_t kGraceS = 10;  // beyond the interval

// Home, and erase what is below: without the flicker of an empty screen.
constexpr const char* kFromTop = "\x1b[H";
constexpr const char* kEraseLine = "\x1b[K";
constexpr const char* kEraseBelow = "\x1b[J";

int connect_to(const std::string& path, time_t wait_s) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval wait{wait_s, 0};
  if (fd >= 0 && ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0 &&
      ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    return fd;
  }
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (error == EACCES || error == EPERM) {
    raise(Errc::forbidden, PublicText("Only the user that ChatPad runs as may ask " + path + "."));
  }
  raise(Errc::not_found,
        PublicText("No program runs on this home (" + path + "): " + std::strerror(error) +
                   ". Is CHATPAD_HOME the running program's?"));
}

std::string ask(const std::string& path, const std::string& target, time_t wait_s) {
  const int fd = connect_to(path, wait_s);
  const std::string request = "GET " + target + " HTTP/1.0\r\nHost: control\r\n\r\n";
  std::string reply;
  char bytes[64 * 1024];
  ssize_t got = ::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
  while (got > 0 && reply.size() < kReplyBytesMax) {
    got = ::recv(fd, bytes, sizeof bytes, 0);
    if (got > 0) reply.append(bytes, static_cast<size_t>(got));
  }
  ::close(fd);
  const size_t body = reply.find("\r\n\r\n");
  if (got != 0 || body == std::string::npos) {
    raise(Errc::internal, PublicText("The program did not answer."));
  }
  if (reply.find(" 200 ") > reply.find("\r\n")) {
    raise(Errc::internal, PublicText("The program refused: " + reply.substr(body + 4)));
  }
  return reply.substr(body + 4);
}

void show(const std::string& text) {
  std::string screen = kFromTop;
  size_t at = 0;
  while (at < text.size()) {
    const size_t end = std::min(text.find('\n', at), text.size());
    screen.append(text, at, end - at).append(kEraseLine).append("\n");
    at = end + 1;
  }
  screen += kEraseBelow;
  std::fputs(screen.c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace

int realtime_top(const Config& config, const TopOptions& options) {
  const std::string path = control_path(config.home).or_raise();
  const std::string target = std::string("/realtime?format=") + (options.json ? "json" : "text") +
                             "&shown=" + std::to_string(options.shown) +
                             "&interval_ms=" + std::to_string(options.interval_s * 1000);
  const time_t wait_s = options.interval_s + kGraceS;
  const bool refreshes = !options.once && !options.json && ::isatty(STDOUT_FILENO) != 0;
  if (!refreshes) {
    std::fputs(ask(path, target, wait_s).c_str(), stdout);
    return 0;
  }
  std::fputs("\x1b[2J", stdout);
  // Until Ctrl-C, or until the program ends, which raises.
  for (;;) show(ask(path, target, wait_s));
}

}  // namespace chatpad::commands
