// POST /functions/v1/get-messages: the messages of a conversation after a seq, for its visitor, for
// people of the account and for API keys. This is how a client that was away catches up.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::widget::get_messages {
using namespace chatpad::edge;

constexpr int kPageMessagesMax = 1000;

struct Input {
  Uuid conversation_id;
  int64_t after_seq;
  int64_t limit;
  static Input read(const wire::Fields& f) {
    return {f.uuid("conversationId"), f.optional_integer("afterSeq", 0, INT64_MAX).value_or(0),
            f.optional_integer("limit", 1, kPageMessagesMax).value_or(kPageMessagesMax)};
  }
};

constexpr pg::Statement kGet{"get_messages", "select api.get_messages($1, $2, $3)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.conversation_id, input.after_seq, input.limit);
  std::string body = co_await call.db().json(kGet, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::visitor | Auth::user | Auth::api_key,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "Messages of a conversation after a seq, in pages of at most 1,000",
          .handle = handle};
}

}  // namespace chatpad::functions::widget::get_messages
