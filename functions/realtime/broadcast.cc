// POST /realtime/v1/api/broadcast: several broadcasts without a websocket, as supabase-js sends
// them from a channel that is not joined. 202 without a body; what the caller may not send is left
// out, as on a socket, and counted in X-Broadcast-Refused.
#include <algorithm>

#include "functions/shared/realtime/http_broadcast.h"
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::realtime::broadcast {
using namespace chatpad::edge;

struct Input {
  std::vector<Broadcast> messages;
  static Input read(const wire::Fields& f) {
    Input input;
    for (const wire::Fields& one : f.object_list("messages", kBroadcastMessagesMax)) {
      Broadcast message;
      message.topic = one.string("topic", 1, kBroadcastTopicBytesMax);
      message.event = one.string("event", 1, kBroadcastEventBytesMax);
      message.payload = one.optional_json_text("payload", kBroadcastPayloadBytesMax).value_or("{}");
      message.room =
          one.boolean("private", false) ? Broadcast::Room::restricted : Broadcast::Room::open;
      input.messages.push_back(std::move(message));
    }
    if (input.messages.empty()) {
      Error error(Errc::validation_failed, PublicText("messages must hold at least one."));
      error.details = "messages";
      raise(std::move(error));
    }
    return input;
  }
};

// What the rule lets through; the rest is left out, but a message over a limit is an error.
std::vector<Broadcast> allowed_of(const Caller& caller, std::vector<Broadcast> wanted) {
  std::vector<Broadcast> allowed;
  for (Broadcast& one : wanted) {
    Result<Broadcast> checked = checked_broadcast(caller, std::move(one));
    if (checked) {
      allowed.push_back(std::move(*checked));
    } else if (checked.error().errc != Errc::forbidden) {
      raise(checked.error());
    }
  }
  return allowed;
}

Task<Reply> handle(Call call) {
  require_key(call);
  Input input = call.json<Input>();
  const size_t wanted = input.messages.size();
  std::vector<Broadcast> messages = allowed_of(call.caller(), std::move(input.messages));
  std::vector<std::string> topics;
  for (const Broadcast& one : messages) {
    const bool asked = std::find(topics.begin(), topics.end(), one.topic) != topics.end();
    if (one.room == Broadcast::Room::restricted && !asked) topics.push_back(one.topic);
  }
  const std::vector<std::string> writable = co_await writable_topics(call, std::move(topics));
  size_t sent = 0;
  for (Broadcast& one : messages) {
    const bool may = one.room == Broadcast::Room::open ||
                     std::find(writable.begin(), writable.end(), one.topic) != writable.end();
    if (!may) continue;
    call.context().publisher().broadcast(std::move(one));
    ++sent;
  }
  Reply reply(202, "");
  reply.header("X-Broadcast-Refused", std::to_string(wanted - sent));
  co_return reply;
}

Endpoint endpoint() {
  return {.path = "/realtime/v1/api/broadcast",
          .auth = Auth::anyone,
          .body_bytes_max = 1_MiB,
          .rate = per_caller(50, 1),
          .summary = "Broadcast to several topics without a websocket",
          .handle = handle};
}

}  // namespace chatpad::functions::realtime::broadcast
