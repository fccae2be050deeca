#include "functions/shared/visitor/identity_settings.h"

#include "functions/shared/visitor/identity.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {

Task<edge::Reply> identity_settings(edge::Call call, Uuid agent, pg::Statement statement,
                                    pg::Params params) {
  pg::Rows rows = co_await call.db().rows(statement, std::move(params));
  if (rows.size() != 1) raise(Errc::not_found);
  wire::JsonWriter out;
  out.object().field("secret", identity_secret(call, agent, rows.integer(0, 0)));
  if (rows.is_null(0, 1)) {
    out.raw_field("previousValidUntil", "null");
  } else {
    out.field("previousValidUntil", rows.text(0, 1));
  }
  out.raw_field("required", rows.text(0, 2) == "t" ? "true" : "false").end();
  co_return edge::ok(std::move(out).str());
}

}  // namespace chatpad::functions
