#include "functions/shared/account/rules.h"

#include <algorithm>
#include <cmath>

#include "runtime/wire/json.h"
#include "runtime/wire/own_origin.h"
#include "runtime/wire/url.h"

namespace chatpad::functions {
namespace {

constexpr size_t kRedirectBytesMax = 2048;

// Scheme, colon, and nothing that two readers could take for two things.
bool is_plain_url(std::string_view url) {
  if (url.empty() || url.size() > kRedirectBytesMax) return false;
  for (const char c : url) {
    if (c <= ' ' || c == '\\' || c == '"' || c == '<' || c == '>' || c >= 0x7f) return false;
  }
  const size_t colon = url.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view scheme = url.substr(0, colon);
  const bool well_formed = std::all_of(scheme.begin(), scheme.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+';
  });
  if (!well_formed || scheme == "javascript" || scheme == "data" || scheme == "vbscript" ||
      scheme == "file" || scheme == "blob") {
    return false;
  }
  if (!url.substr(colon).starts_with("://")) return scheme != "http" && scheme != "https";
  const std::string_view rest = url.substr(colon + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  return !authority.empty() && authority.find('@') == std::string_view::npos;
}

std::string_view without_fragment(std::string_view url) { return url.substr(0, url.find('#')); }

// scheme://authority of a URL.
std::string_view origin_part(std::string_view url) {
  const size_t start = url.find("://");
  if (start == std::string_view::npos) return {};
  return url.substr(0, url.find_first_of("/?#", start + 3));
}

// Pages of ours on which a tenant's visitors are, or a path that may be read as one of theirs.
bool is_visitor_page(std::string_view url) {
  std::string_view path = url.substr(origin_part(url).size());
  path = path.substr(0, path.find_first_of("?#"));
  if (path.empty()) return false;
  for (const std::string_view twofold : {"%", "//", "/./", "/../"}) {
    if (path.find(twofold) != std::string_view::npos) return true;
  }
  if (path.ends_with("/.") || path.ends_with("/..")) return true;
  const std::string_view first = path.substr(1, path.find('/', 1) - 1);
  return first == "chat" || first == "demo" || first == "widget";
}

// Iterative, with the position to go back to of each kind of star: no pattern is slow.
bool matches(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0;
  size_t star_p = std::string_view::npos, star_t = 0;    // of the last `*`
  size_t stars_p = std::string_view::npos, stars_t = 0;  // of the last `**`
  while (t < text.size() || p < pattern.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      if (pattern.substr(p).starts_with("**")) {
        stars_p = p += 2;
        stars_t = t;
        star_p = std::string_view::npos;
      } else {
        star_p = ++p;
        star_t = t;
      }
      continue;
    }
    if (p < pattern.size() && t < text.size() && pattern[p] == text[t]) {
      ++p, ++t;
      continue;
    }
    if (star_p != std::string_view::npos && star_t < text.size() && text[star_t] != '/' &&
        text[star_t] != '.' && text[star_t] != '?') {
      p = star_p;
      t = ++star_t;
      continue;
    }
    if (stars_p == std::string_view::npos || stars_t >= text.size()) return false;
    star_p = std::string_view::npos;
    p = stars_p;
    t = ++stars_t;
  }
  return true;
}

}  // namespace

std::string rules_json(const Config& config) {
  const AuthSettings& auth = config.auth;
  wire::JsonWriter out;
  out.object().field("signUp", sign_up_name(auth.sign_up)).array("domains");
  for (const std::string& domain : auth.sign_up_domains) out.value(domain);
  const auto scaled = static_cast<double>(auth.mails_per_hour) * config.rate_scale;
  out.end()
      .field("autoconfirm", auth.autoconfirm)
      .field("expiresS", auth.otp_expires_s)
      .field("intervalS", static_cast<double>(auth.mail_interval_s) / config.rate_scale)
      .field("perHour", static_cast<int64_t>(std::clamp(scaled, 1.0, 1e9)))
      .end();
  return std::move(out).str();
}

bool is_allowed_redirect(const Config& config, std::string_view url) {
  if (!is_plain_url(url)) return false;
  const std::string_view origin = origin_part(url);
  const bool own = !origin.empty() && wire::is_own_origin(origin, config.public_url);
  if (own && !is_visitor_page(url)) return true;
  if (!own && !origin.empty() && wire::same_origin(origin, origin_part(config.auth.site_url))) {
    return true;
  }
  return std::any_of(
      config.auth.redirect_urls.begin(), config.auth.redirect_urls.end(),
      [url](const std::string& pattern) { return matches(pattern, without_fragment(url)); });
}

std::string allowed_redirect(const Config& config, const std::optional<std::string>& wanted) {
  if (wanted && is_allowed_redirect(config, *wanted)) return *wanted;
  return config.auth.site_url;
}

}  // namespace chatpad::functions
