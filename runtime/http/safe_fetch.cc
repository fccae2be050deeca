#include "runtime/http/safe_fetch.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>

#include "runtime/base/check.h"

namespace chatpad::http {
namespace {

Error refused(const char* sentence) {
  Error error(Errc::validation_failed, PublicText(sentence), LogText(sentence));
  error.details = "url";
  return error;
}

// A URL in the hands of the parser that will also connect: two parsers would be two readings.
class Target {
 public:
  Target() : url_(curl_url(), &curl_url_cleanup) {
    CHECK(url_ != nullptr, "libcurl can parse URLs");
  }

  // The first time an absolute URL, later also what a Location header may hold.
  Result<void> go(std::string_view to) {
    const auto odd = [](char c) {
      return static_cast<uint8_t>(c) <= ' ' || c == '\\' || c == 0x7f;
    };
    if (to.empty() || to.size() > kFetchUrlBytesMax) {
      return refused("The URL is empty or too long.");
    }
    if (std::any_of(to.begin(), to.end(), odd)) {
      return refused("The URL holds a blank, a backslash or a control character.");
    }
    const std::string text(to);
    // libcurl reads "http:///x" as the host x, which others do not.
    const size_t colon = text.find_first_of(":/?#");
    if (colon != std::string::npos && text[colon] == ':' &&
        (text.compare(colon, 3, "://") != 0 || text.substr(colon + 3, 1) == "/")) {
      return refused("This is not an absolute URL.");
    }
    if (curl_url_set(url_.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME) !=
        CURLUE_OK) {
      return refused("This is not an absolute URL.");
    }
    curl_url_set(url_.get(), CURLUPART_FRAGMENT, nullptr, 0);
    return check();
  }

  std::string text() const { return part(CURLUPART_URL, 0); }
  std::string origin() const {
    return part(CURLUPART_SCHEME) + "://" + part(CURLUPART_HOST) + ":" + part(CURLUPART_PORT);
  }
  bool secure() const { return part(CURLUPART_SCHEME) == "https"; }

 private:
  std::string part(CURLUPart which, unsigned flags = CURLU_DEFAULT_PORT) const {
    char* text = nullptr;
    if (curl_url_get(url_.get(), which, &text, flags) != CURLUE_OK) return {};
    std::string out(text);
    curl_free(text);
    return out;
  }

  Result<void> check() const {
    const std::string scheme = part(CURLUPART_SCHEME);
    if (scheme != "http" && scheme != "https") return refused("Only http and https are fetched.");
    // The marks alone count as well: "https://@host/".
    const std::string whole = text();
    const size_t authority = whole.find("//") + 2;
    if (whole.substr(authority, whole.find_first_of("/?#", authority) - authority).find('@') !=
        std::string::npos) {
      return refused("A URL with credentials in it is not fetched.");
    }
    if (!part(CURLUPART_USER).empty() || !part(CURLUPART_PASSWORD).empty()) {
      return refused("A URL with credentials in it is not fetched.");
    }
    if (!part(CURLUPART_ZONEID).empty()) return refused("An address with a zone is not fetched.");
    const int port = std::atoi(part(CURLUPART_PORT).c_str());
    if (port != 80 && port != 443 && port < kFetchPortLeast) {
      return refused("The port must be 80, 443, or 1024 and above.");
    }
    return {};
  }

  std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url_;
};

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// What another origin may be told about the request.
bool is_harmless(const std::string& line) {
  std::string name = line.substr(0, line.find(':'));
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<uint8_t>(c)));
  return name == "accept" || name == "accept-language" || name == "content-type";
}

// Changes the request as a browser would before it follows (fetch standard, 4.4), and more
// carefully where an origin is left.
Result<void> follow(Target& target, SafeRequest& request, const ResponseHead& head) {
  const std::string before = target.origin();
  const bool was_secure = target.secure();
  if (const Result<void> went = target.go(head.header("location")); !went) return went.error();
  if (was_secure && !target.secure()) return refused("The URL redirects from https to http.");
  if (head.status == 303 || (head.status < 307 && request.method == "POST")) {
    if (request.method != "HEAD") request.method = "GET";
    request.body.clear();
  }
  if (target.origin() == before) return {};
  if (!request.body.empty()) return refused("The URL redirects a body to another site.");
  std::erase_if(request.headers, [](const std::string& line) { return !is_harmless(line); });
  return {};
}

ClientRequest one_request(const SafeRequest& request, const Target& target, uint64_t left_ms) {
  ClientRequest out;
  out.method = request.method;
  out.url = target.text();
  out.headers = request.headers;
  out.body = request.body;
  out.connect_ms = std::min(request.connect_ms, left_ms);
  out.idle_ms = std::min(request.idle_ms, left_ms);
  out.total_ms = left_ms;
  out.response_bytes_max = request.response_bytes_max;
  out.compression = Compression::accept;
  return out;
}

}  // namespace

SafeClient::SafeClient(Loop& loop, SafeOptions options)
    : client_(loop, [&options] {
        ClientOptions out;
        out.transfers_max = options.transfers_max;
        out.connections_per_host_max = 8;
        out.address_allowed = [rules = std::move(options.rules)](const sockaddr& address) {
          return rules.allows(address);
        };
        out.resolve = std::move(options.resolve);
        return out;
      }()) {}

Result<std::string> check_fetch_url(std::string_view url) {
  Target target;
  if (const Result<void> went = target.go(url); !went) return went.error();
  return target.text();
}

Task<Response> safe_fetch(SafeClient& client, SafeRequest request) {
  Loop& loop = client.client().loop();
  const uint64_t end_ms = loop.now_ms() + request.total_ms;
  Target target;
  target.go(request.url).or_raise();
  for (int followed = 0;; ++followed) {
    const uint64_t now_ms = loop.now_ms();
    if (now_ms >= end_ms) raise(Errc::deadline_exceeded, {}, LogText("no time left to follow"));
    Stream stream(client.client(), one_request(request, target, end_ms - now_ms));
    Response response;
    response.head = co_await stream.head();
    const bool leads_on = is_redirect(response.head.status) && request.redirects_max > 0 &&
                          !response.head.header("location").empty();
    if (leads_on) {
      if (followed >= request.redirects_max) {
        raise(refused("The URL redirects too often."));
      }
      follow(target, request, response.head).or_raise();
      continue;
    }
    for (;;) {
      std::optional<std::string> chunk = co_await stream.next_chunk();
      if (!chunk) break;
      response.body += *chunk;
    }
    co_return response;
  }
}

}  // namespace chatpad::http
