// Pages: HTML for people, beside the JSON for programs. What every page shares: shells with
// placeholders that are filled in per request, the security headers, and the page an error becomes
// when a browser asked.
//
// Scripts and styles come from /assets/ only; nothing inline runs (docs/decisions/0008). What a
// shell is filled with is escaped here and nowhere else.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/config.h"
#include "runtime/base/error.h"
#include "runtime/edge/reply.h"
#include "runtime/http/server.h"

namespace chatpad::edge {

// & < > " ' as entities: for text and for quoted attribute values.
void append_html(std::string& out, std::string_view text);

// A text with {{placeholders}}, taken apart once.
class Template {
 public:
  using Values = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  // `text` must live as long as the template.
  explicit Template(std::string_view text);
  // Values are escaped. A placeholder without a value becomes nothing.
  std::string fill(Values values) const;

 private:
  struct Piece {
    std::string_view text;
    std::string_view name;  // the placeholder after it; empty at the end
  };
  std::vector<Piece> pieces_;
};

// The shell widget-assets/site/<name>; ends the program when there is none.
const Template& shell(std::string_view name);

enum class TrustedTypes : uint8_t { none, unrestricted };

// What one page differs in from another.
struct PagePolicy {
  std::string_view frame_ancestors = "'none'";  // empty: everybody, pages in files too
  std::string_view referrer = "no-referrer";
  std::string_view style_nonce = {};
  TrustedTypes trusted_types = TrustedTypes::none;
};

// Content-Security-Policy of a page that talks to this server only: HTTP by 'self', websockets by
// the origin in public_url and, for a loopback one, under the other loopback name.
std::string content_security_policy(const Config& config, const PagePolicy& policy);

// An HTML reply with the headers of every page. Not to be stored.
Reply page_reply(const Config& config, int status, std::string html, const PagePolicy& policy);

// True for a person's browser: GET or HEAD, Accept names text/html, and the path is no API's.
bool wants_page(const http::Request& request);

// error_reply() as a page: the same status, Retry-After and codes.
Reply error_page(const Config& config, const Error& error, std::string_view request_id);

}  // namespace chatpad::edge
