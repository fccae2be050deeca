#include "functions/shared/realtime/http_broadcast.h"

#include "functions/shared/conversation/realtime_rule.h"
#include "runtime/edge/auth.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

constexpr pg::Statement kMayWrite{"realtime_may_write",
                                  "select topic from json_array_elements_text($1::json) as topic "
                                  "where realtime.probe_write(topic, 'broadcast')"};

Error too_long(const char* field, const char* sentence) {
  Error error(Errc::validation_failed, PublicText(sentence));
  error.details = field;
  return error;
}

}  // namespace

void require_key(const edge::Call& call) {
  const edge::Credentials credentials = edge::credentials_of(call.request()).or_raise();
  if (credentials.token.empty() && credentials.api_key.empty()) raise(Errc::no_authorization);
}

Result<edge::Broadcast> checked_broadcast(const edge::Caller& caller, edge::Broadcast wanted) {
  if (wanted.topic.empty() || wanted.topic.size() > kBroadcastTopicBytesMax) {
    return too_long("topic", "topic must have 1 to 246 bytes.");
  }
  if (wanted.event.empty() || wanted.event.size() > kBroadcastEventBytesMax) {
    return too_long("event", "event must have 1 to 255 bytes.");
  }
  if (wanted.payload.size() > kBroadcastPayloadBytesMax) return Error(Errc::payload_too_large);
  // Raw bytes are announced as null and pass when null comes back.
  const bool raw = wanted.encoding == edge::Broadcast::Encoding::bytes;
  Result<std::string> allowed = client_broadcast(caller, wanted.topic, wanted.event,
                                                 raw ? std::string_view("null") : wanted.payload);
  if (!allowed) return allowed.error();
  if (!raw || *allowed != "null") {
    wanted.encoding = edge::Broadcast::Encoding::json;
    wanted.payload = std::move(*allowed);
  }
  return wanted;
}

Task<std::vector<std::string>> writable_topics(edge::Call call, std::vector<std::string> topics) {
  if (topics.empty() || call.caller().kind == edge::CallerKind::service) co_return topics;
  wire::JsonWriter list;
  list.array();
  for (const std::string& topic : topics) list.value(topic);
  list.end();
  pg::Params params(std::move(list).str());
  const pg::Rows rows = co_await call.db().rows(kMayWrite, std::move(params));
  std::vector<std::string> writable;
  for (int row = 0; row < rows.size(); ++row) writable.push_back(rows.str(row, 0));
  co_return writable;
}

}  // namespace chatpad::functions
