// POST /v1/knowledge/search: the passages of an agent's knowledge that a question is about, best
// first, among those that somebody in these groups may see.
#include "functions/shared/knowledge/search_request.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::knowledge::search_knowledge {
using namespace chatpad::edge;

Task<Reply> handle(Call call) {
  SearchRequest request = call.json<SearchRequest>();
  std::string body = co_await find_knowledge(call, std::move(request));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.path = "/v1/knowledge/search",
          .auth = Auth::user | Auth::api_key,
          .body_bytes_max = 32_KiB,
          .rate = per_caller(120, 60),
          .deadline_ms = 30'000,
          .summary = "The passages a question is about, among those somebody may see",
          .handle = handle};
}

}  // namespace chatpad::functions::knowledge::search_knowledge
