// The SAML provider that a path of /auth/v1/admin/sso/providers names. What is no uuid is as
// unknown as an id of nothing: sso_provider_not_found.
#pragma once

#include "runtime/base/uuid.h"
#include "runtime/edge/call.h"
#include "runtime/pg/types.h"

namespace chatpad::functions {

constexpr pg::Statement kGetSsoProvider{"get_sso_provider", "select api.get_sso_provider($1)"};

Uuid sso_provider_of_path(const edge::Call& call);

}  // namespace chatpad::functions
