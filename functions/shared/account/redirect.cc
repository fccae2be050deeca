#include "functions/shared/account/redirect.h"

#include "runtime/wire/url.h"

namespace chatpad::functions {
namespace {

std::string_view before_fragment(std::string_view url) { return url.substr(0, url.find('#')); }

}  // namespace

UrlParameters& UrlParameters::add(std::string_view name, std::string_view value) {
  if (!text_.empty()) text_ += '&';
  text_.append(name).append("=").append(wire::percent_encode(value));
  return *this;
}

std::string with_query(std::string_view url, const UrlParameters& parameters) {
  std::string out(before_fragment(url));
  out += out.find('?') == std::string::npos ? '?' : '&';
  return out + parameters.text();
}

std::string with_fragment(std::string_view url, const UrlParameters& parameters) {
  return std::string(before_fragment(url)) + '#' + parameters.text();
}

std::string with_problem(std::string_view url, std::string_view error, std::string_view code,
                         std::string_view description) {
  UrlParameters told;
  told.add("error", error).add("error_code", code).add("error_description", description);
  return with_fragment(with_query(url, told), told);
}

UrlParameters session_parameters(const IssuedSession& session, std::string_view type) {
  UrlParameters told;
  told.add("access_token", session.access_token)
      .add("expires_at", std::to_string(session.expires_at_s))
      .add("expires_in", std::to_string(session.expires_in_s))
      .add("refresh_token", session.refresh_token)
      .add("token_type", "bearer");
  if (!type.empty()) told.add("type", type);
  if (!session.provider_token.empty()) told.add("provider_token", session.provider_token);
  if (!session.provider_refresh_token.empty()) {
    told.add("provider_refresh_token", session.provider_refresh_token);
  }
  return told;
}

edge::Reply redirect(const std::string& url) {
  edge::Reply reply(303, "");
  reply.header("Location", url);
  reply.header("Referrer-Policy", "no-referrer");
  return reply;
}

}  // namespace chatpad::functions
