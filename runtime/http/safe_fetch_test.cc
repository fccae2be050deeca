#include "runtime/http/safe_fetch.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <zlib.h>

#include "runtime/coro/scope.h"
#include "runtime/http/test_server.h"

namespace chatpad::http {
namespace {

using testing::HasSubstr;
using testing::Not;

bool allows(const AddressRules& rules, const std::string& text) {
  sockaddr_storage storage{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    storage.ss_family = AF_INET;
  } else {
    CHECK(inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1, "the test names addresses");
    storage.ss_family = AF_INET6;
  }
  return rules.allows(reinterpret_cast<const sockaddr&>(storage));
}

TEST(AddressRulesTest, OnlyPublicUnicastIsReached) {
  const AddressRules rules;
  for (const char* address : {"0.0.0.0",
                              "0.1.2.3",
                              "10.0.0.1",
                              "10.255.255.255",
                              "100.64.0.1",
                              "100.100.100.200",
                              "100.127.255.255",
                              "127.0.0.1",
                              "127.255.255.254",
                              "168.63.129.16",
                              "169.254.0.1",
                              "169.254.255.255",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.0.0.1",
                              "192.0.2.1",
                              "192.88.99.1",
                              "192.168.1.1",
                              "198.18.0.1",
                              "198.19.255.255",
                              "198.51.100.7",
                              "203.0.113.9",
                              "224.0.0.1",
                              "239.255.255.255",
                              "240.0.0.1",
                              "255.255.255.255",
                              "::",
                              "::1",
                              "::127.0.0.1",
                              "::ffff:10.0.0.1",
                              "::ffff:8.8.8.8",
                              "::ffff:0:127.0.0.1",
                              "64:ff9b::a00:1",
                              "64:ff9b:1::1",
                              "100::1",
                              "2001::1",
                              "2001:2::1",
                              "2001:10::1",
                              "2001:20::1",
                              "2001:db8::1",
                              "2002:7f00:1::1",
                              "2002:0808:808::",
                              "3fff::1",
                              "5f00::1",
                              "fc00::1",
                              "fd00:ec2::254",
                              "fe80::1",
                              "febf::1",
                              "fec0::1",
                              "ff02::1",
                              "ff0e::1"}) {
    EXPECT_FALSE(allows(rules, address)) << address;
  }
  for (const char* address :
       {"1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
        "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.0.1.1", "192.167.255.255",
        "198.17.255.255", "198.20.0.0", "223.255.255.255", "2001:200::1", "2001:4860:4860::8888",
        "2003::1", "2606:4700::1111", "3ffe::1"}) {
    EXPECT_TRUE(allows(rules, address)) << address;
  }
  const sockaddr local{AF_UNIX, {}};
  EXPECT_FALSE(rules.allows(local));
}

TEST(AddressRulesTest, AnOperatorOpensExactlyWhatItNames) {
  const AddressRules rules({*parse_network("10.1.0.0/16")});
  EXPECT_TRUE(allows(rules, "10.1.2.3"));
  EXPECT_FALSE(allows(rules, "10.2.0.1"));
  EXPECT_FALSE(allows(rules, "::ffff:10.1.2.3"));
  EXPECT_TRUE(allows(rules, "8.8.8.8"));
}

TEST(FetchUrlTest, WhatIsNoPlainWebAddressIsRefusedUnresolved) {
  for (const char* url : {"",
                          "/",
                          "//example.com/",
                          "example.com",
                          "http://",
                          "http:///x",
                          "file:///etc/passwd",
                          "ftp://example.com/",
                          "gopher://example.com/",
                          "dict://example.com:11211/",
                          "data:,x",
                          "javascript:alert(1)",
                          "ldap://example.com/",
                          "http://u@example.com/",
                          "http://u:p@example.com/",
                          "http://:p@example.com/",
                          "http://example.com:22/",
                          "https://example.com:25/",
                          "http://example.com:0/",
                          "http://example.com:65536/",
                          "http://example.com:-1/",
                          "http://example.com:8o/",
                          "http://exa mple.com/",
                          "http://example.com\\@evil.example/",
                          "http://example.com/\r\nHost: evil",
                          "http://[::1",
                          "http://[::1%25lo]/",
                          "http://[fe80::1%eth0]/",
                          "\thttp://example.com/",
                          "http://a.example:80@b.example/",
                          "http://1.1.1.1 &@2.2.2.2# @3.3.3.3/"}) {
    const auto checked = check_fetch_url(url);
    ASSERT_FALSE(checked.ok()) << url;
    EXPECT_EQ(checked.error().errc, Errc::validation_failed) << url;
  }
  EXPECT_FALSE(check_fetch_url("http://example.com/" + std::string(kFetchUrlBytesMax, 'x')).ok());
  EXPECT_FALSE(check_fetch_url(std::string_view("http://example.com/\0", 20)).ok());
}

TEST(FetchUrlTest, APlainWebAddressIsKeptAndItsFragmentDropped) {
  EXPECT_EQ(*check_fetch_url("https://example.com/a?b=c@d#e"), "https://example.com/a?b=c@d");
  EXPECT_EQ(*check_fetch_url("http://example.com:8080/"), "http://example.com:8080/");
  EXPECT_EQ(*check_fetch_url("https://[2001:4860:4860::8888]/"), "https://[2001:4860:4860::8888]/");
}

struct Outcome {
  Response response;
  std::optional<Errc> errc;
  std::string message;
};

Task<void> fetch_into(SafeClient& client, SafeRequest request, Outcome& outcome) {
  try {
    outcome.response = co_await safe_fetch(client, std::move(request));
  } catch (const Raised& raised) {
    outcome.errc = raised.error().errc;
    outcome.message = raised.error().message.value;
  }
}

// A server of scripted answers: path -> the raw bytes of the answer.
class Pages {
 public:
  explicit Pages(const char* address = "127.0.0.1", uint16_t on_port = 0) {
    listening_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    setsockopt(listening_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(on_port);
    inet_pton(AF_INET, address, &at.sin_addr);
    CHECK(bind(listening_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0, "bind");
    CHECK(listen(listening_, 16) == 0, "listen");
    socklen_t size = sizeof at;
    getsockname(listening_, reinterpret_cast<sockaddr*>(&at), &size);
    port = ntohs(at.sin_port);
    origin = std::string("http://") + address + ":" + std::to_string(port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Pages() {
    shutdown(listening_, SHUT_RDWR);
    thread_.join();
    close(listening_);
  }
  void page(const std::string& path, std::string answer) {
    const std::lock_guard lock(mutex_);
    pages_[path] = std::move(answer);
  }
  void redirect(const std::string& path, const std::string& to, const char* status = "302 Found") {
    page(path, std::string("HTTP/1.1 ") + status + "\r\nLocation: " + to +
                   "\r\nContent-Length: 0\r\n\r\n");
  }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  uint16_t port = 0;
  std::string origin;
  std::atomic<int> connections{0};

 private:
  void serve() {
    for (;;) {
      const int fd = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      ++connections;
      std::string head;
      char bytes[4096];
      while (head.find("\r\n\r\n") == std::string::npos) {
        const ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        if (n <= 0) break;
        head.append(bytes, static_cast<size_t>(n));
      }
      const size_t from = head.find(' ') + 1;
      const std::string path = head.substr(from, head.find(' ', from) - from);
      std::string answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(head);
        if (const auto found = pages_.find(path); found != pages_.end()) answer = found->second;
      }
      send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
      close(fd);
    }
  }
  int listening_ = -1;
  std::mutex mutex_;
  std::map<std::string, std::string> pages_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

std::string answer(const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

// In these tests 127.0.0.1 stands for the internet and 127.0.0.2 for the operator's own network.
class SafeFetchTest : public testing::Test {
 protected:
  SafeFetchTest() { use(SafeOptions{own_network(), 64, {}}); }
  ~SafeFetchTest() override {
    scope.cancel_all();
    client.reset();
  }
  static AddressRules own_network() {
    return AddressRules({*parse_network("127.0.0.2/31"), *parse_network("::/0")}, {});
  }
  void use(SafeOptions options) { client = std::make_unique<SafeClient>(loop, std::move(options)); }
  Outcome ask(SafeRequest request) {
    Outcome outcome;
    scope.spawn(fetch_into(*client, std::move(request), outcome));
    while (!scope.empty()) {
      uv_run(loop.raw(), UV_RUN_NOWAIT);
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    return outcome;
  }
  Outcome get(const std::string& url) {
    SafeRequest request;
    request.url = url;
    return ask(std::move(request));
  }

  Loop loop;
  std::unique_ptr<SafeClient> client;
  Scope scope;
};

TEST_F(SafeFetchTest, APublicPageIsFetched) {
  Pages web;
  web.page("/a", answer("hello"));
  const Outcome outcome = get(web.origin + "/a");
  ASSERT_FALSE(outcome.errc);
  EXPECT_EQ(outcome.response.head.status, 200);
  EXPECT_EQ(outcome.response.body, "hello");
}

TEST_F(SafeFetchTest, EverySpellingOfAnOwnAddressIsRefusedBeforeAnythingIsSent) {
  Pages own("127.0.0.2");
  own.page("/", answer("secret"));
  const std::string port = ":" + std::to_string(own.port) + "/";
  for (const char* host :
       {"127.0.0.2", "127.2", "127.0.2", "2130706434", "0x7f000002", "0x7f.0.0.2", "0177.0.0.2",
        "017700000002", "127.0.0.2.", "[::ffff:127.0.0.2]", "[::ffff:7f00:2]",
        "[0:0:0:0:0:ffff:127.0.0.2]", "[::127.0.0.2]", "[64:ff9b::7f00:2]", "[2002:7f00:2::]",
        "%31%32%37.0.0.2", "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.2"}) {
    const Outcome outcome = get(std::string("http://") + host + port);
    ASSERT_TRUE(outcome.errc) << host;
    EXPECT_THAT(outcome.response.body, Not(HasSubstr("secret"))) << host;
    // A spelling that no resolver knows fails as a name does.
    EXPECT_TRUE(*outcome.errc == Errc::validation_failed || *outcome.errc == Errc::upstream_failed)
        << host;
  }
  EXPECT_EQ(get("http://127.0.0.2" + port).errc, Errc::validation_failed);
  EXPECT_EQ(get("http://2130706434" + port).errc, Errc::validation_failed);
  EXPECT_EQ(get("http://0x7f.2" + port).errc, Errc::validation_failed);
  EXPECT_EQ(own.connections, 0);
}

TEST_F(SafeFetchTest, ByDefaultLoopbackIsRefused) {
  Pages web;
  web.page("/", answer("secret"));
  use(SafeOptions{});
  for (const char* host : {"127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::]"}) {
    const Outcome outcome =
        get(std::string("http://") + host + ":" + std::to_string(web.port) + "/");
    EXPECT_EQ(outcome.errc, Errc::validation_failed) << host;
  }
  EXPECT_EQ(web.connections, 0);
}

TEST_F(SafeFetchTest, ANameThatChangesItsAddressIsCheckedEachTime) {
  Pages web;
  Pages own("127.0.0.2", web.port);
  web.page("/", answer("public"));
  own.page("/", answer("secret"));
  int asked = 0;
  use(SafeOptions{own_network(), 64, [&asked](const std::string&) -> std::string {
                    return ++asked == 1 ? "127.0.0.1" : "127.0.0.2";
                  }});
  const std::string url = "http://rebind.example:" + std::to_string(web.port) + "/";
  EXPECT_EQ(get(url).response.body, "public");
  EXPECT_EQ(get(url).errc, Errc::validation_failed);
  EXPECT_EQ(own.connections, 0);
}

TEST_F(SafeFetchTest, OfSeveralAddressesTheOwnOneIsNeverTouched) {
  Pages web;
  Pages own("127.0.0.2", web.port);
  web.page("/", answer("public"));
  use(SafeOptions{own_network(), 64,
                  [](const std::string&) -> std::string { return "127.0.0.2,127.0.0.1"; }});
  const Outcome outcome = get("http://mixed.example:" + std::to_string(web.port) + "/");
  EXPECT_EQ(outcome.response.body, "public");
  EXPECT_EQ(own.connections, 0);
}

TEST_F(SafeFetchTest, RedirectsAreFollowedThreeTimesAndCheckedLikeTheFirst) {
  Pages web;
  Pages own("127.0.0.2");
  own.page("/", answer("secret"));
  web.redirect("/1", "/2");
  web.redirect("/2", web.origin + "/3", "301 Moved");
  web.redirect("/3", "4", "308 Permanent");
  web.page("/4", answer("there"));
  EXPECT_EQ(get(web.origin + "/1").response.body, "there");
  web.redirect("/0", "/1");
  EXPECT_EQ(get(web.origin + "/0").errc, Errc::validation_failed);
  web.redirect("/loop", "/loop");
  EXPECT_EQ(get(web.origin + "/loop").errc, Errc::validation_failed);
  for (const std::string& to :
       {own.origin + "/", std::string("file:///etc/passwd"), std::string("gopher://127.0.0.1/x"),
        std::string("ftp://127.0.0.1/"), std::string("//127.0.0.2:") + std::to_string(own.port),
        "http://u:p@127.0.0.1:" + std::to_string(web.port) + "/4",
        std::string("http://127.0.0.1:22/"), std::string("/a b"), std::string(3000, 'x')}) {
    web.redirect("/out", to);
    EXPECT_EQ(get(web.origin + "/out").errc, Errc::validation_failed) << to;
  }
  EXPECT_EQ(own.connections, 0);
}

TEST_F(SafeFetchTest, ARedirectToAnotherSiteLosesCredentialsAndNeverTakesABody) {
  Pages first, other;
  other.page("/", answer("there"));
  first.redirect("/", other.origin + "/", "307 Temporary");
  SafeRequest with_key;
  with_key.url = first.origin + "/";
  with_key.headers = {"Authorization: Bearer key", "X-Secret: s", "Accept: text/html"};
  EXPECT_EQ(ask(with_key).response.body, "there");
  ASSERT_EQ(first.requests().size(), 1u);
  EXPECT_THAT(first.requests()[0], HasSubstr("Authorization: Bearer key"));
  ASSERT_EQ(other.requests().size(), 1u);
  EXPECT_THAT(other.requests()[0], Not(HasSubstr("key")));
  EXPECT_THAT(other.requests()[0], Not(HasSubstr("X-Secret")));
  EXPECT_THAT(other.requests()[0], HasSubstr("Accept: text/html"));

  SafeRequest with_body = with_key;
  with_body.method = "POST";
  with_body.body = "client_secret=x";
  EXPECT_EQ(ask(with_body).errc, Errc::validation_failed);
  EXPECT_EQ(other.requests().size(), 1u);
  first.redirect("/", other.origin + "/", "303 See Other");
  EXPECT_EQ(ask(with_body).response.body, "there");
  EXPECT_THAT(other.requests().back(), HasSubstr("GET / "));
  EXPECT_THAT(other.requests().back(), Not(HasSubstr("client_secret")));
}

TEST_F(SafeFetchTest, WithoutRedirectsTheRedirectIsTheAnswer) {
  Pages web;
  web.redirect("/", "/elsewhere");
  SafeRequest request;
  request.url = web.origin + "/";
  request.redirects_max = 0;
  EXPECT_EQ(ask(std::move(request)).response.head.status, 302);
}

std::string gzip(const std::string& plain) {
  z_stream stream{};
  CHECK(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK, "deflate");
  std::string out(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST_F(SafeFetchTest, BytesAreCountedAfterDecompression) {
  Pages web;
  web.page("/small", answer(gzip("hello"), "Content-Encoding: gzip\r\n"));
  EXPECT_EQ(get(web.origin + "/small").response.body, "hello");
  const std::string bomb = gzip(std::string(8 * 1024 * 1024, '\0'));
  ASSERT_LT(bomb.size(), 16u * 1024);
  web.page("/bomb", answer(bomb, "Content-Encoding: gzip\r\n"));
  EXPECT_EQ(get(web.origin + "/bomb").errc, Errc::upstream_failed);
  web.page("/twice", answer(gzip(bomb), "Content-Encoding: gzip, gzip\r\n"));
  EXPECT_EQ(get(web.origin + "/twice").errc, Errc::upstream_failed);
  web.page("/declared", "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n" +
                            std::string(2 * 1024 * 1024, 'x'));
  EXPECT_EQ(get(web.origin + "/declared").errc, Errc::upstream_failed);
  std::string headers;
  for (int i = 0; i < 10'000; ++i) headers += "X-" + std::to_string(i) + ": y\r\n";
  web.page("/headers", answer("x", headers));
  EXPECT_EQ(get(web.origin + "/headers").errc, Errc::upstream_failed);
}

TEST_F(SafeFetchTest, ProxyVariablesAndNetrcAreIgnored) {
  Pages web, proxy;
  web.page("/", answer("direct"));
  proxy.page("/", answer("by proxy"));
  setenv("http_proxy", proxy.origin.c_str(), 1);
  setenv("ALL_PROXY", proxy.origin.c_str(), 1);
  EXPECT_EQ(get(web.origin + "/").response.body, "direct");
  unsetenv("http_proxy");
  unsetenv("ALL_PROXY");
  EXPECT_EQ(proxy.connections, 0);
  EXPECT_THAT(web.requests().back(), Not(HasSubstr("Authorization")));
}

TEST_F(SafeFetchTest, AnAnswerThatDoesNotComeEndsInTime) {
  Pages web;
  web.page("/", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  SafeRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(web.port) + "/";
  EXPECT_EQ(ask(request).errc, Errc::upstream_failed) << "the connection is cut";
  const int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(silent, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  ASSERT_EQ(listen(silent, 1), 0);
  socklen_t size = sizeof at;
  getsockname(silent, reinterpret_cast<sockaddr*>(&at), &size);
  request.url = "http://127.0.0.1:" + std::to_string(ntohs(at.sin_port)) + "/";
  request.total_ms = 50;
  EXPECT_EQ(ask(request).errc, Errc::deadline_exceeded);
  close(silent);
}

}  // namespace
}  // namespace chatpad::http
