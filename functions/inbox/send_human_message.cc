// POST /functions/v1/send-human-message: a person of the account writes into a conversation they
// have taken over. 409 takeover_required while the assistant is in charge.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::inbox::send_human_message {
using namespace chatpad::edge;

constexpr size_t kContentCharsMax = 8000;

struct Input {
  Uuid conversation_id;
  std::string content;
  std::optional<std::string> client_message_id;
  static Input read(const wire::Fields& f) {
    return {f.uuid("conversationId"), f.string("content", 1, kContentCharsMax),
            f.optional_string("clientMessageId", 200)};
  }
};

constexpr pg::Statement kSend{"send_human_message", "select api.send_human_message($1, $2, $3)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.conversation_id, input.content, input.client_message_id);
  std::string body = co_await call.db().json(kSend, std::move(params));
  co_return created(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 64_KiB,
          .rate = per_caller(100, 10),
          .summary = "Write into a conversation as a person who has taken it over",
          .handle = handle};
}

}  // namespace chatpad::functions::inbox::send_human_message
