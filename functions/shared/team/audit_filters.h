// The filters of the audit log, as its list takes them from the query and its export from the body:
// actor, action (exactly, or `team.*`), resource, resource_id, from, to; and `tenant_id`.
#pragma once

#include <optional>
#include <string>

#include "runtime/edge/call.h"
#include "runtime/wire/fields.h"

namespace chatpad::functions {

// The query's known parameters as fields.
wire::Fields audit_query(const edge::Call& call);
// `tenant_id`, or the caller's own account.
std::optional<Uuid> audit_account(const edge::Call& call, const wire::Fields& fields);
// A JSON object for private.audit_fits(). Raises validation_failed naming the field.
std::string read_audit_filters(const wire::Fields& fields);

}  // namespace chatpad::functions
