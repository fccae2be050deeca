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

Reply error_reply(const Error& error, std::string_view error_id) {
  const ErrorInfo& info = error_info(error.errc);
  std::string body = "{";
  field(body, "code", info.code);
  field(body, "message",
        error.message.value.empty() ? info.hint : std::string_view(error.message.value));
  // What SQL says of a plan's limit is JSON (private.plan_limit_reached).
  if (error.errc == Errc::plan_limit_reached && error.details.starts_with('{')) {
    body.append(",\"details\":").append(error.details);
  } else {
    field(body, "details", error.details);
  }
  field(body, "hint", info.hint);
  if (info.http_status >= 500) field(body, "error_id", error_id);
  body += '}';
  Reply reply(info.http_status, std::move(body));
  const int retry_after_s = error.retry_after_s > 0 ? error.retry_after_s : 1;
  if (info.http_status == 429 || info.http_status == 503) {
    reply.header("Retry-After", std::to_string(retry_after_s));
  }
  // supabase-js reads the code of functions and auth errors from these as well.
  reply.header("sb-error-code", info.code);
  reply.header("x-sb-error-code", info.code);
  return reply;
}

}  // namespace chatpad::edge
