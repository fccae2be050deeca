// POST /functions/v1/get-conversation: one conversation with its lead, its visitor and the answer
// that is being written right now, for people of the account and its API keys.
#include "functions/shared/account/by_id.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::inbox::get_conversation {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"get_conversation", "select api.get_conversation($1)"};

Task<Reply> handle(Call call) { return answer_by_id(call, "conversationId", kStatement); }

Endpoint endpoint() {
  return {.auth = Auth::user | Auth::api_key,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "One conversation with its lead, its visitor and the answer being written",
          .handle = handle};
}

}  // namespace chatpad::functions::inbox::get_conversation
