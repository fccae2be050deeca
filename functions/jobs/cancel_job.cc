// DELETE /v1/jobs/{id}: cancels a job. What waits ends at once, what runs within two seconds.
#include "functions/shared/paging/query.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::jobs::cancel_job {
using namespace chatpad::edge;

constexpr pg::Statement kStatement{"cancel_job", "select api.cancel_job($1)"};

Task<Reply> handle(Call call) {
  pg::Params params(id_of_path(call));
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.method = http::Method::del,
          .path = "/v1/jobs/{id}",
          .auth = Auth::user | Auth::api_key,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(100, 10),
          .summary = "Cancel a job",
          .handle = handle};
}

}  // namespace chatpad::functions::jobs::cancel_job
