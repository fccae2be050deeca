// POST /functions/v1/list-conversations: a page of an account's conversations, newest activity
// first.
#include "functions/shared/paging/cursor.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::inbox::list_conversations {
using namespace chatpad::edge;

struct Input {
  Uuid account_id;
  std::optional<std::string> status;
  std::optional<std::string> search;
  int64_t limit;
  Cursor before;
  static Input read(const wire::Fields& f) {
    return {f.uuid("accountId"),
            f.optional_choice(
                "status", {"open", "waiting", "active", "human_takeover", "closed", "archived"}),
            f.optional_string("search", kSearchCharsMax), read_page_limit(f), Cursor::read(f)};
  }
};

constexpr pg::Statement kStatement{"list_conversations",
                                   "select api.list_conversations($1, $2, $3, $4, $5, $6)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.account_id, input.status, input.search, input.limit, input.before.at_us,
                    input.before.id);
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "Conversations of an account, newest activity first",
          .handle = handle};
}

}  // namespace chatpad::functions::inbox::list_conversations
