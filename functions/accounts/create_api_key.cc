// POST /functions/v1/create-api-key: makes an API key of an account. The answer is the only place
// that ever shows it.
#include "functions/shared/team/key_input.h"
#include "functions/shared/team/secret.h"
#include "runtime/edge/endpoint.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::accounts::create_api_key {
using namespace chatpad::edge;

struct Input {
  Uuid account_id;
  KeyInput key;
  static Input read(const wire::Fields& f) {
    return {f.uuid("accountId"), read_key(f, "expiresAt", "ratePerMin")};
  }
};

constexpr pg::Statement kStatement{"create_api_key",
                                   "select api.create_api_key($1, $2, $3, $4, $5, $6, $7, $8)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  const Secret secret = new_secret("cp_live_");
  const KeyInput& key = input.key;
  pg::Params params(input.account_id, key.name, key.scopes_json, key.expires_at, key.rate_per_min,
                    secret.prefix(), secret.hash(), origin_json(call));
  const std::string made = co_await call.db().json(kStatement, std::move(params));
  wire::JsonWriter out;
  out.object().raw_field("apiKey", made).field("key", secret.text).end();
  co_return created(std::move(out).str());
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 16_KiB,
          .rate = per_caller(30, 60),
          .summary = "Make an API key; it is shown this once",
          .handle = handle};
}

}  // namespace chatpad::functions::accounts::create_api_key
