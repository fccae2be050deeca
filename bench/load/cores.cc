// What this machine gives to two senders that share nothing: one process sends to its sockets over
// loopback and empties them itself, then two do so at the same time. Where both together send less
// than about twice as much, a second core is not free: somebody else uses it, or it is half a core.
//
//   cores SECONDS
//
// Prints sends per second of one process and of two. They take turns of a tenth of a second, as the
// speed of a virtual machine changes from one second to the next.
#include <sys/wait.h>

#include "bench/load/websocket.h"

namespace {

constexpr int kSockets = 100;
constexpr size_t kBytes = 600;   // four messages of 100 bytes with their envelopes
constexpr int kRoundsKept = 32;  // before they are emptied
constexpr double kTurnS = 0.1;

struct Pair {
  int from, to;
};

std::vector<Pair> pairs() {
  const int listener = load::listen_on(0);
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::vector<Pair> all;
  for (int i = 0; i < kSockets; ++i) {
    const int from = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(from, reinterpret_cast<sockaddr*>(&address), size) != 0) load::fail("connect");
    all.push_back({from, accept(listener, nullptr, nullptr)});
  }
  return all;
}

// For `seconds`; how many sends.
long sends(double seconds) {
  const std::vector<Pair> all = pairs();
  const std::string bytes(kBytes, 'x');
  const double from = load::now_s();
  long count = 0;
  for (int round = 1; load::now_s() - from < seconds; ++round) {
    for (const Pair& pair : all) load::write_all(pair.from, bytes);
    count += kSockets;
    if (round % kRoundsKept != 0) continue;
    for (const Pair& pair : all) recv(pair.to, nullptr, 1 << 20, MSG_TRUNC | MSG_DONTWAIT);
  }
  return count;
}

double sends_of(int processes, double seconds) {
  int tell[2];
  if (pipe(tell) != 0) load::fail("pipe");
  for (int i = 0; i < processes; ++i) {
    if (fork() != 0) continue;
    const long count = sends(seconds);
    std::_Exit(write(tell[1], &count, sizeof count) == sizeof count ? 0 : 1);
  }
  long all = 0;
  for (int i = 0; i < processes; ++i) {
    long count = 0;
    if (read(tell[0], &count, sizeof count) != sizeof count) load::fail("a sender ended");
    all += count;
    wait(nullptr);
  }
  close(tell[0]);
  close(tell[1]);
  return static_cast<double>(all) / seconds;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const int turns = static_cast<int>(std::atof(argv[1]) / (2 * kTurnS));
  double one = 0, two = 0;
  for (int i = 0; i < turns; ++i) {
    one += sends_of(1, kTurnS) / turns;
    two += sends_of(2, kTurnS) / turns;
  }
  std::printf("one %.0f two %.0f\n", one, two);
}
