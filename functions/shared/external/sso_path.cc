#include "functions/shared/external/sso_path.h"

namespace chatpad::functions {

Uuid sso_provider_of_path(const edge::Call& call) {
  const std::optional<Uuid> id = Uuid::parse(call.path_parameter());
  if (!id) raise(Errc::sso_provider_not_found, PublicText("SSO Identity Provider not found"));
  return *id;
}

}  // namespace chatpad::functions
