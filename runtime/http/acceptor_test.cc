#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/base/error.h"
#include "runtime/http/test_server.h"

namespace chatpad::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

TEST(Acceptor, ATakenPortIsNamed) {
  TestServer server;
  Loop loop;
  try {
    Acceptor acceptor(
        loop, "127.0.0.1", server.port, [](int, std::string) {}, [] { return true; });
    FAIL() << "the port is taken";
  } catch (const Raised& raised) {
    const std::string address = "127.0.0.1:" + std::to_string(server.port);
    EXPECT_THAT(raised.error().message.value, HasSubstr(address));
  }
}

TEST(Acceptor, AnAddressThatIsNotOursIsNamed) {
  Loop loop;
  EXPECT_THROW(Acceptor(
                   loop, "203.0.113.7", 0, [](int, std::string) {}, [] { return true; }),
               Raised);
  EXPECT_THROW(Acceptor(
                   loop, "not an address", 0, [](int, std::string) {}, [] { return true; }),
               Raised);
}

TEST(Acceptor, ConnectionsAboveTheLimitWaitUntilOthersLeave) {
  ServerLimits limits;
  limits.connections_max = 2;
  TestServer server(limits);
  Peer first(server.port);
  Peer second(server.port);
  EXPECT_TRUE(server.connections_become(2));
  Peer third(server.port);
  third.send(get("/hello"));
  EXPECT_EQ(third.read_some(100), "");
  EXPECT_EQ(server.stats().connections, 2u);
  first.close();
  EXPECT_THAT(third.read_reply(), EndsWith("hello"));
}

TEST(Acceptor, AcceptingPausesNearTheDescriptorLimitAndRecovers) {
  TestServer server;
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  // The clients' own descriptors are all taken before the limit falls, so only the server runs
  // short.
  std::vector<int> clients;
  for (int i = 0; i < 150; ++i) clients.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  rlimit low = before;
  low.rlim_cur = static_cast<rlim_t>(clients.back()) + 60;
  setrlimit(RLIMIT_NOFILE, &low);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (const int fd : clients) {
    EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  rusage start{}, end{};
  getrusage(RUSAGE_SELF, &start);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  getrusage(RUSAGE_SELF, &end);
  const auto cpu_us = [](const rusage& u) {
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1'000'000 + u.ru_utime.tv_usec +
           u.ru_stime.tv_usec;
  };
  EXPECT_LT(cpu_us(end) - cpu_us(start), 150'000) << "waiting for descriptors costs no CPU";
  EXPECT_LT(server.stats().connections, clients.size());
  for (const int fd : clients) ::close(fd);
  Peer last(server.port);
  EXPECT_THAT(last.ask(get("/hello")), EndsWith("hello"));
  setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace chatpad::http
