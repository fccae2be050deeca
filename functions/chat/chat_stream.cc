// WS /v1/chat/stream: a websocket on which an API client talks to agents. Every text message is
// the body of POST /v1/chat/completions, with `client_message_id` and `last_event_id` for a client
// that comes back, and is answered by the events of its stream, one text message each.
#include "functions/shared/chat/post_completion.h"
#include "functions/shared/conversation/answer_reply.h"
#include "runtime/edge/endpoint.h"
#include "runtime/edge/message_socket.h"

namespace chatpad::functions::chat::chat_stream {
using namespace chatpad::edge;

struct Input {
  CompletionRequest request;
  std::optional<std::string> client_message_id;
  std::string last_event_id;
  static Input read(const wire::Fields& f) {
    Input in;
    in.request = CompletionRequest::read(f);
    in.client_message_id = f.optional_string("client_message_id", 200);
    in.last_event_id = f.optional_string("last_event_id", 60).value_or("");
    return in;
  }
};

Task<Reply> handle(Call call) {
  if (!is_socket_message(call.request())) {
    if (!call.request().wants_upgrade) raise(Errc::upgrade_required);
    co_return switching_protocols();
  }
  Input input = call.json<Input>();
  std::optional<std::string> id = std::move(input.client_message_id);
  resume_position(input.last_event_id, id.has_value());
  PostedMessage posted = co_await post_completion(call, &input.request, std::move(id));
  std::string last_id = std::move(input.last_event_id);
  Reply reply = co_await stream_answer_behind(call, std::move(posted), std::move(last_id));
  co_return reply;
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/v1/chat/stream",
          .auth = Auth::api_key,
          .body_bytes_max = 1_MiB,
          .rate = per_caller(60, 10),
          .deadline_ms = 120'000,
          .summary = "A websocket on which an API client talks to agents",
          .handle = handle};
}

}  // namespace chatpad::functions::chat::chat_stream
