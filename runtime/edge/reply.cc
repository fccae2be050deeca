#include "runtime/edge/reply.h"

#include "runtime/base/log.h"

namespace chatpad::edge {
namespace {

void field(std::string& out, std::string_view name, std::string_view value) {
  out += out.size() > 1 ? ",\"" : "\"";
  out += name;
  out += "\":\"";
  log::append_escaped(out, value);
  out += '"';
}

}  // namespace

Reply& Reply::header(std::string_view name, std::string_view value) {
  headers.append(name).append(": ").append(value).append("\r\n");
  return *this;
}

Reply streamed() {
  Reply reply;
  reply.streamed = true;
  return reply;
}

namespace {

std::string_view message_of(const Error& error) {
  return error.message.value.empty() ? error_info(error.errc).hint
                                     : std::string_view(error.message.value);
}

// What SQL says of a plan's limit is JSON (private.plan_limit_reached).
void details_of(std::string& body, const Error& error) {
  if (error.errc == Errc::plan_limit_reached && error.details.starts_with('{')) {
    body.append(",\"details\":").append(error.details);
  } else {
    field(body, "details", error.details);
  }
}

Reply finished(const Error& error, std::string_view code, std::string_view error_id,
               std::string body) {
  const ErrorInfo& info = error_info(error.errc);
  if (info.http_status >= 500) field(body, "error_id", error_id);
  if (!error.more.empty()) body.append(",").append(error.more);
  body += '}';
  Reply reply(info.http_status, std::move(body));
  const int retry_after_s = error.retry_after_s > 0 ? error.retry_after_s : 1;
  if (info.http_status == 429 || info.http_status == 503) {
    reply.header("Retry-After", std::to_string(retry_after_s));
  }
  // supabase-js reads the code of functions and auth errors from these as well.
  reply.header("sb-error-code", code);
  reply.header("x-sb-error-code", code);
  return reply;
}

std::string_view auth_code(Errc errc) {
  switch (errc) {
    case Errc::too_many_requests:
      return "over_request_rate_limit";
    case Errc::internal:
      return "unexpected_failure";
    case Errc::deadline_exceeded:
      return "request_timeout";
    default:
      return error_info(errc).code;
  }
}

}  // namespace

Reply error_reply(const Error& error, std::string_view error_id) {
  const ErrorInfo& info = error_info(error.errc);
  std::string body = "{";
  field(body, "code", info.code);
  field(body, "message", message_of(error));
  details_of(body, error);
  field(body, "hint", info.hint);
  return finished(error, info.code, error_id, std::move(body));
}

Reply auth_error_reply(const Error& error, std::string_view error_id, AuthVersion version) {
  const ErrorInfo& info = error_info(error.errc);
  const std::string_view code = auth_code(error.errc);
  std::string body = "{";
  if (version == AuthVersion::older) {
    body += "\"code\":" + std::to_string(info.http_status);
    field(body, "error_code", code);
    field(body, "msg", message_of(error));
    return finished(error, code, error_id, std::move(body));
  }
  field(body, "code", code);
  field(body, "message", message_of(error));
  details_of(body, error);
  field(body, "hint", info.hint);
  return finished(error, code, error_id, std::move(body));
}

Reply openai_error_reply(const Error& error, std::string_view error_id) {
  const ErrorInfo& info = error_info(error.errc);
  const bool ours = info.http_status >= 500;
  std::string_view type = ours ? "server_error" : "invalid_request_error";
  if (info.http_status == 429) type = info.retry ? "rate_limit_error" : "insufficient_quota";
  std::string inner = "{";
  field(inner, "message", message_of(error));
  field(inner, "type", type);
  if (error.details.empty() || error.details.starts_with('{')) {
    inner += ",\"param\":null";
  } else {
    field(inner, "param", error.details);
  }
  field(inner, "code", info.code);
  if (ours) field(inner, "error_id", error_id);
  Reply reply(info.http_status, "{\"error\":" + inner + "}}");
  if (info.http_status == 429 || info.http_status == 503) {
    reply.header("Retry-After", std::to_string(error.retry_after_s > 0 ? error.retry_after_s : 1));
  }
  if (!info.retry) reply.header("x-should-retry", "false");
  return reply;
}

}  // namespace chatpad::edge
