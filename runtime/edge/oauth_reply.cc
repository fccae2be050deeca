#include "runtime/edge/oauth_reply.h"

#include <string>

#include "runtime/wire/json.h"

namespace chatpad::edge {
namespace {

std::string_view word_of(Errc errc) {
  switch (errc) {
    case Errc::invalid_api_key:
    case Errc::no_authorization:
      return "invalid_client";
    case Errc::invalid_credentials:
    case Errc::refresh_token_not_found:
    case Errc::refresh_token_already_used:
    case Errc::session_expired:
    case Errc::user_banned:
    case Errc::email_not_confirmed:
      return "invalid_grant";
    case Errc::insufficient_scope:
      return "invalid_scope";
    case Errc::not_supported:
      return "unsupported_grant_type";
    case Errc::plan_limit_reached:
      return "unauthorized_client";
    case Errc::overloaded:
    case Errc::draining:
    case Errc::database_unavailable:
    case Errc::deadline_exceeded:
    case Errc::too_many_requests:
      return "temporarily_unavailable";
    default:
      return error_info(errc).http_status >= 500 ? "server_error" : "invalid_request";
  }
}

int status_of(Errc errc, std::string_view word) {
  if (word == "invalid_client") return 401;
  const int status = error_info(errc).http_status;
  // 5.2 asks for 400 where nothing else says more.
  const bool says_more = status >= 500 || status == 405 || status == 413 || status == 429;
  return says_more && word != "unsupported_grant_type" ? status : 400;
}

}  // namespace

Reply oauth_error_reply(const Error& error) {
  const ErrorInfo& info = error_info(error.errc);
  const std::string_view word = word_of(error.errc);
  const std::string_view sentence =
      error.message.value.empty() ? info.hint : std::string_view(error.message.value);
  wire::JsonWriter out;
  out.object().field("error", word).field("error_description", sentence);
  out.field("code", info.code).end();
  Reply reply(status_of(error.errc, word), std::move(out).str());
  if (reply.status == 401) reply.header("WWW-Authenticate", "Basic realm=\"chatpad\"");
  if (reply.status == 429 || reply.status == 503) {
    reply.header("Retry-After", std::to_string(error.retry_after_s > 0 ? error.retry_after_s : 1));
  }
  reply.header("Pragma", "no-cache");
  reply.header("x-sb-error-code", info.code);
  return reply;
}

}  // namespace chatpad::edge
