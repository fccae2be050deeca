#include "functions/shared/account/factor.h"

namespace chatpad::functions {

std::string factor_place(const Uuid& factor) { return "mfa_factors." + factor.str(); }

Uuid factor_of_path(const edge::Call& call) {
  const auto id = Uuid::parse(call.path_parameter());
  if (!id) raise(Errc::mfa_factor_not_found);
  return *id;
}

Uuid session_of(const edge::Call& call) {
  const auto id = Uuid::parse(call.caller().session_id);
  if (!id) raise(Errc::session_not_found);
  return *id;
}

}  // namespace chatpad::functions
