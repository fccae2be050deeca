#include "runtime/edge/page.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>

#include "runtime/base/check.h"
#include "runtime/edge/assets.h"
#include "runtime/wire/url.h"

namespace chatpad::edge {
namespace {

constexpr std::string_view kPermissionsPolicy =
    "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), "
    "fullscreen=(self), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), "
    "payment=(), publickey-credentials-get=(), screen-wake-lock=(), usb=(), "
    "xr-spatial-tracking=()";

constexpr std::array<std::string_view, 5> kApiPaths = {"/functions/", "/auth/", "/rest/",
                                                       "/realtime/", "/storage/"};

std::string with_port(std::string_view scheme, std::string_view host, int port) {
  std::string source(scheme);
  source.append("://").append(host);
  const int usual = scheme == "wss" ? 443 : 80;
  if (port != 0 && port != usual) source.append(":").append(std::to_string(port));
  return source;
}

// Chromium's 'self' covers websockets, Safari's did not for long: the origin is named as well.
// There is no name for [::1] in a policy (CSP 3, host-part).
std::string websocket_sources(const Config& config) {
  const std::optional<wire::Origin> origin = wire::parse_origin(config.public_url);
  if (!origin || origin->host.starts_with('[')) return {};
  const std::string_view scheme = origin->scheme == "https" ? "wss" : "ws";
  std::string sources = " " + with_port(scheme, origin->host, origin->port);
  if (origin->host == "127.0.0.1") sources += " " + with_port(scheme, "localhost", origin->port);
  if (origin->host == "localhost") sources += " " + with_port(scheme, "127.0.0.1", origin->port);
  return sources;
}

struct Words {
  int status;
  std::string_view title;
  std::string_view message;
};
constexpr std::array kWords = {
    Words{400, "That did not work", "The address or the request is not quite right."},
    Words{401, "Please sign in", "This page is for people who are signed in."},
    Words{403, "Not allowed", "You may not see this page."},
    Words{404, "Page not found", "There is nothing at this address. Is it spelled right?"},
    Words{405, "That did not work", "This address answers another kind of request."},
    Words{408, "That took too long", "The request did not arrive in time. Please try again."},
    Words{414, "The address is too long", "Please check the link you followed."},
    Words{429, "One moment, please", "Too many requests came at once. Please try again soon."},
    Words{500, "Something went wrong", "It is our fault, not yours. Please try again."},
    Words{503, "Back in a moment", "The server is busy or restarting. Please try again soon."},
    Words{504, "That took too long", "The answer did not come in time. Please try again."},
};

const Words& words_for(int status) {
  for (const Words& row : kWords) {
    if (row.status == status) return row;
  }
  return words_for(status >= 500 ? 500 : 400);
}

// "text/html", "text/html;q=0.9", but not "text/html;q=0".
bool is_wanted_html(std::string_view item) {
  while (item.starts_with(' ')) item.remove_prefix(1);
  if (!item.starts_with("text/html")) return false;
  const std::string_view rest = item.substr(sizeof "text/html" - 1);
  if (!rest.empty() && rest.front() != ' ' && rest.front() != ';') return false;
  const size_t weight = rest.find("q=");
  return weight == std::string_view::npos ||
         rest.find_first_of("123456789", weight) != std::string_view::npos;
}

bool accepts_html(std::string_view accept) {
  while (!accept.empty()) {
    const size_t comma = accept.find(',');
    if (is_wanted_html(accept.substr(0, comma))) return true;
    accept = comma == std::string_view::npos ? std::string_view() : accept.substr(comma + 1);
  }
  return false;
}

}  // namespace

void append_html(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
}

Template::Template(std::string_view text) {
  while (!text.empty()) {
    const size_t open = text.find("{{");
    const size_t close = open == std::string_view::npos ? open : text.find("}}", open);
    if (close == std::string_view::npos) {
      pieces_.push_back({text, {}});
      return;
    }
    pieces_.push_back({text.substr(0, open), text.substr(open + 2, close - open - 2)});
    text.remove_prefix(close + 2);
  }
}

std::string Template::fill(Values values) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    out += piece.text;
    for (const auto& [name, value] : values) {
      if (!piece.name.empty() && name == piece.name) append_html(out, value);
    }
  }
  return out;
}

const Template& shell(std::string_view name) {
  static const std::map<std::string_view, Template> shells = [] {
    std::map<std::string_view, Template> all;
    for (const Asset& asset : asset_bundle()) {
      if (asset.name.ends_with(".html")) all.emplace(asset.name, Template(asset.identity));
    }
    return all;
  }();
  const auto found = shells.find(name);
  CHECK(found != shells.end(), "a page that the program names itself is part of it");
  return found->second;
}

std::string content_security_policy(const Config& config, const PagePolicy& policy) {
  std::string csp = "default-src 'none'; script-src 'self'; style-src 'self'";
  if (!policy.style_nonce.empty()) csp.append(" 'nonce-").append(policy.style_nonce).append("'");
  csp += "; img-src 'self' data:; font-src 'self'; connect-src 'self'";
  csp += websocket_sources(config);
  csp +=
      "; frame-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
      "object-src 'none'";
  if (!policy.frame_ancestors.empty()) csp += "; frame-ancestors ";
  csp += policy.frame_ancestors;
  if (policy.trusted_types == TrustedTypes::none) {
    csp += "; require-trusted-types-for 'script'; trusted-types 'none'";
  }
  return csp;
}

Reply page_reply(const Config& config, int status, std::string html, const PagePolicy& policy) {
  Reply reply(status, std::move(html));
  reply.content_type = "text/html; charset=utf-8";
  reply.header("Content-Security-Policy", content_security_policy(config, policy));
  reply.header("Referrer-Policy", policy.referrer);
  reply.header("Permissions-Policy", kPermissionsPolicy);
  if (policy.frame_ancestors == "'none'") reply.header("X-Frame-Options", "DENY");
  return reply;
}

bool wants_page(const http::Request& request) {
  if (request.method != http::Method::get && request.method != http::Method::head) return false;
  const bool api = std::any_of(kApiPaths.begin(), kApiPaths.end(), [&](std::string_view prefix) {
    return request.path.starts_with(prefix);
  });
  return !api && accepts_html(request.header("accept"));
}

Reply error_page(const Config& config, const Error& error, std::string_view request_id) {
  const Reply plain = error_reply(error, request_id);
  const Words& words = words_for(plain.status);
  Reply reply = page_reply(config, plain.status,
                           shell("error.html")
                               .fill({{"code", std::to_string(plain.status)},
                                      {"title", words.title},
                                      {"message", words.message},
                                      {"requestId", request_id}}),
                           PagePolicy());
  reply.headers += plain.headers;
  return reply;
}

}  // namespace chatpad::edge
