// POST /functions/v1/start-takeover: a person of the account takes a conversation over. A running
// answer is cut off in the same transaction, and no assistant text comes after it.
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::inbox::start_takeover {
using namespace chatpad::edge;

constexpr size_t kNoteCharsMax = 2000;

struct Input {
  Uuid conversation_id;
  std::optional<std::string> note;
  static Input read(const wire::Fields& f) {
    return {f.uuid("conversationId"), f.optional_string("note", kNoteCharsMax)};
  }
};

constexpr pg::Statement kStatement{"start_takeover", "select api.start_takeover($1, $2)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.conversation_id, input.note);
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {
      .auth = Auth::user,
      .body_bytes_max = 16_KiB,
      .rate = per_caller(100, 10),
      .summary = "A person of the account takes the conversation over; the assistant stops at once",
      .handle = handle};
}

}  // namespace chatpad::functions::inbox::start_takeover
