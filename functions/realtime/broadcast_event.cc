// POST /realtime/v1/api/broadcast/{topic}/events/{event}: one broadcast without a websocket, as
// supabase-js' httpSend() makes it. The body is the payload, JSON or application/octet-stream;
// `?private=true` names the private room. 202 without a body, or the reason why not.
#include "functions/shared/realtime/http_broadcast.h"
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"
#include "runtime/wire/json.h"
#include "runtime/wire/url.h"

namespace chatpad::functions::realtime::broadcast_event {
using namespace chatpad::edge;

constexpr std::string_view kBetween = "/events/";

Broadcast read(const Call& call) {
  const std::string_view parameters = call.path_parameter();
  const size_t between = parameters.find(kBetween);
  Broadcast message;
  message.topic = wire::percent_decode(parameters.substr(0, between)).or_raise();
  message.event = wire::percent_decode(parameters.substr(between + kBetween.size())).or_raise();
  const bool is_private = call.query("private").value_or("") == "true";
  message.room = is_private ? Broadcast::Room::restricted : Broadcast::Room::open;
  if (call.query("persist") || call.query("persist[ttl]")) {
    raise(Errc::not_supported, PublicText("Broadcasts cannot be stored; leave persist out."));
  }
  const std::string_view type = call.header("content-type");
  message.payload = call.request().body;
  if (type.starts_with("application/octet-stream")) {
    message.encoding = Broadcast::Encoding::bytes;
  } else if (type.starts_with("application/json")) {
    wire::check_json(message.payload).or_raise();
  } else {
    raise(Errc::unsupported_media_type,
          PublicText("Unsupported Media Type: send application/json or application/octet-stream."));
  }
  return message;
}

Task<Reply> handle(Call call) {
  require_key(call);
  Broadcast message = checked_broadcast(call.caller(), read(call)).or_raise();
  std::vector<std::string> topics;
  if (message.room == Broadcast::Room::restricted) topics.push_back(message.topic);
  const size_t asked = topics.size();
  const std::vector<std::string> writable = co_await writable_topics(call, std::move(topics));
  if (writable.size() < asked) raise(Errc::forbidden, PublicText("Unauthorized"));
  call.context().publisher().broadcast(std::move(message));
  co_return Reply(202, "");
}

Endpoint endpoint() {
  return {.path = "/realtime/v1/api/broadcast/{topic}/events/{event}",
          .auth = Auth::anyone,
          .body_bytes_max = 256_KiB,
          .rate = per_caller(50, 1),
          .summary = "Broadcast one event to a topic without a websocket",
          .handle = handle};
}

}  // namespace chatpad::functions::realtime::broadcast_event
