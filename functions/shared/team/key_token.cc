#include "functions/shared/team/key_token.h"

#include "functions/shared/team/secret.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

constexpr pg::Statement kMake{
    "create_key_token",
    "select array_to_string(array(select jsonb_array_elements_text(t->'scopes')), ' ') "
    "from api.create_key_token($1, $2, $3, $4, $5, $6) t where t is not null"};

}  // namespace

Task<std::string> exchange_key(edge::Call call, KeyTokenRequest request) {
  if (request.key.empty()) raise(Errc::invalid_api_key);
  const Secret token = new_secret("cp_tok_");
  pg::Params params(secret_hash(request.key), request.key_id, request.account, request.scope,
                    token.hash(), kKeyTokenS);
  pg::Rows rows = co_await call.service().rows(kMake, std::move(params));
  if (rows.size() != 1) raise(Errc::invalid_api_key);
  wire::JsonWriter out;
  out.object().field("access_token", token.text).field("token_type", "Bearer");
  out.field("expires_in", kKeyTokenS).field("scope", rows.text(0, 0)).end();
  co_return std::move(out).str();
}

}  // namespace chatpad::functions
