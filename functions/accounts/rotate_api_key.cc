// POST /functions/v1/rotate-api-key: a new secret for a key. The old one works for `overlapS`
// seconds more, so that whoever uses it can change over; 0 ends it at once.
#include "functions/shared/team/key_input.h"
#include "functions/shared/team/secret.h"
#include "runtime/edge/endpoint.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::accounts::rotate_api_key {
using namespace chatpad::edge;

struct Input {
  Uuid key_id;
  int64_t overlap_s;
  static Input read(const wire::Fields& f) {
    return {f.uuid("keyId"), f.optional_integer("overlapS", 0, kKeyOverlapSMax).value_or(0)};
  }
};

constexpr pg::Statement kStatement{"rotate_api_key",
                                   "select api.rotate_api_key($1, $2, $3, $4, $5)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  const Secret secret = new_secret("cp_live_");
  pg::Params params(input.key_id, secret.prefix(), secret.hash(), input.overlap_s,
                    origin_json(call));
  const std::string rotated = co_await call.db().json(kStatement, std::move(params));
  wire::JsonWriter out;
  out.object().raw_field("apiKey", rotated).field("key", secret.text).end();
  co_return ok(std::move(out).str());
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(30, 60),
          .summary = "A new secret for an API key; it is shown this once",
          .handle = handle};
}

}  // namespace chatpad::functions::accounts::rotate_api_key
