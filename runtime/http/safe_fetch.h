// safe_fetch: the only way to fetch a URL that a tenant has given: an identity provider's
// documents, a page to learn from, a webhook's target. What it must not become is a way into the
// operator's own network (SSRF).
//
//   SafeClient client(loop, SafeOptions());                       // one per loop
//   Response response = co_await safe_fetch(client, std::move(request));
//
// What is looked at is the address a socket is about to be connected to, not the name and not the
// URL's text: whatever spelling of an address, whatever DNS says this time, however many redirects.
// Only public unicast addresses are reached; AddressRules has the list. On top of what client.h
// promises (no proxies, no .netrc, no cookies, limits after decompression, deadlines):
//
//   - http and https; ports 80, 443 and from 1024 up; no credentials in the URL
//   - at most kRedirectsMax redirects, each checked like the first URL; never from https to http;
//     to another origin without the request's headers (but Accept and Content-Type) and body
//   - names are resolved in threads of libcurl's own, at most SafeOptions::transfers_max at once:
//     a slow name delays nobody else's files or passwords
//
// Errors: validation_failed, details "url" (the public text says which rule, never an address),
// else as client.h.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/network.h"
#include "runtime/coro/task.h"
#include "runtime/http/client.h"

namespace chatpad::http {

constexpr int kRedirectsMax = 3;
constexpr size_t kFetchUrlBytesMax = 2048;
constexpr uint16_t kFetchPortLeast = 1024;  // below it only 80 and 443

// Which addresses a tenant's URL may lead to.
class AddressRules {
 public:
  AddressRules() : AddressRules(std::vector<Network>()) {}
  // `opened`: networks the operator lets through although they are not public.
  explicit AddressRules(std::vector<Network> opened);
  // With a list of one's own, for tests.
  AddressRules(std::vector<Network> blocked, std::vector<Network> opened);

  bool allows(const sockaddr& address) const;

 private:
  std::vector<Network> blocked_;
  std::vector<Network> opened_;
};

struct SafeOptions {
  AddressRules rules;
  size_t transfers_max = 64;                                    // running at once -> overloaded
  std::function<std::string(const std::string& host)> resolve;  // see ClientOptions
};

class SafeClient {
 public:
  SafeClient(Loop& loop, SafeOptions options);
  Client& client() { return client_; }

 private:
  Client client_;
};

// What is in it means what it means in ClientRequest; the times hold for all redirects together.
struct SafeRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers;
  std::string body;
  uint64_t connect_ms = 5'000;
  uint64_t idle_ms = 10'000;
  uint64_t total_ms = 20'000;
  size_t response_bytes_max = 1024 * 1024;
  int redirects_max = kRedirectsMax;  // 0: a redirect is the answer
};

Task<Response> safe_fetch(SafeClient& client, SafeRequest request);

// The URL as it would be fetched, or why it would not be; nothing is resolved or sent. For a form
// that takes a URL now and fetches it later.
Result<std::string> check_fetch_url(std::string_view url);

}  // namespace chatpad::http
