#include "functions/shared/visitor/identity_settings.h"

#include "functions/shared/visitor/identity.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {

edge::Reply identity_settings(const edge::Call& call, const Uuid& agent, const pg::Rows& rows) {
  if (rows.size() != 1) raise(Errc::not_found);
  wire::JsonWriter out;
  out.object().field("secret", identity_secret(call, agent, rows.integer(0, 0)));
  if (rows.is_null(0, 1)) {
    out.raw_field("previousValidUntil", "null");
  } else {
    out.field("previousValidUntil", rows.text(0, 1));
  }
  out.raw_field("required", rows.text(0, 2) == "t" ? "true" : "false").end();
  return edge::ok(std::move(out).str());
}

}  // namespace chatpad::functions
