// Second factors: what their endpoints share. A factor's secret is sealed for its person and its
// own row (functions/shared/secret); nothing but factor_verify opens it.
#pragma once

#include <optional>
#include <string>

#include "runtime/base/uuid.h"
#include "runtime/edge/call.h"

namespace chatpad::functions {

constexpr size_t kFactorNameCharsMax = 200;
constexpr size_t kFactorIssuerCharsMax = 200;

// "mfa_factors.<id>": the place a secret is sealed for.
std::string factor_place(const Uuid& factor);

// The id in the path, or mfa_factor_not_found.
Uuid factor_of_path(const edge::Call& call);

// Of the caller's token; session_not_found when it names none.
Uuid session_of(const edge::Call& call);

}  // namespace chatpad::functions
