// POST /auth/api-keys: create-api-key under another name and in snake_case. Without `tenant_id` the
// account is the caller's own.
#include "functions/shared/team/key_input.h"
#include "functions/shared/team/secret.h"
#include "runtime/edge/endpoint.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::accounts::auth_api_keys {
using namespace chatpad::edge;

struct Input {
  std::optional<Uuid> account_id;
  KeyInput key;
  static Input read(const wire::Fields& f) {
    return {f.optional_uuid("tenant_id"), read_key(f, "expires_at", "rate_per_min")};
  }
};

constexpr pg::Statement kStatement{
    "auth_api_keys",
    "select k->>'id', k->'scopes', k->>'expiresAt', k->>'createdAt' from "
    "api.create_api_key($1, $2, $3, $4, $5, $6, $7, $8) k"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  const std::optional<Uuid> account =
      input.account_id ? input.account_id : Uuid::parse(call.caller().subject);
  const Secret secret = new_secret("cp_live_");
  const KeyInput& key = input.key;
  pg::Params params(account, key.name, key.scopes_json, key.expires_at, key.rate_per_min,
                    secret.prefix(), secret.hash(), origin_json(call));
  pg::Rows rows = co_await call.db().rows(kStatement, std::move(params));
  if (rows.size() != 1) raise(Errc::internal);
  wire::JsonWriter out;
  out.object()
      .field("id", rows.text(0, 0))
      .field("tenant_id", account)
      .field("name", key.name)
      .field("key", secret.text)
      .raw_field("scopes", rows.text(0, 1));
  out.key("expires_at");
  rows.is_null(0, 2) ? out.null() : out.value(rows.text(0, 2));
  out.field("created_at", rows.text(0, 3)).end();
  co_return created(std::move(out).str());
}

Endpoint endpoint() {
  return {.path = "/auth/api-keys",
          .auth = Auth::user,
          .body_bytes_max = 16_KiB,
          .rate = per_caller(30, 60),
          .summary = "Make an API key; it is shown this once",
          .handle = handle};
}

}  // namespace chatpad::functions::accounts::auth_api_keys
