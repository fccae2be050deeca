// POST /functions/v1/list-leads: a page of an account's leads, newest first.
#include "functions/shared/paging/cursor.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::leads::list_leads {
using namespace chatpad::edge;

struct Input {
  Uuid account_id;
  int64_t limit;
  Cursor before;
  static Input read(const wire::Fields& f) {
    return {f.uuid("accountId"), read_page_limit(f), Cursor::read(f)};
  }
};

constexpr pg::Statement kStatement{"list_leads", "select api.list_leads($1, $2, $3, $4)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.account_id, input.limit, input.before.at_us, input.before.id);
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "Leads of an account, newest first",
          .handle = handle};
}

}  // namespace chatpad::functions::leads::list_leads
