#include "functions/shared/secret/own_keys.h"

#include "functions/shared/secret/secrets.h"

namespace chatpad::functions {

Task<std::optional<std::string>> own_key(edge::Context* context, KeyOwner owner, std::string name) {
  std::optional<std::string> key;
  const std::optional<Uuid> account = Uuid::parse(owner.account_id);
  if (!account || owner.own_keys == OwnKeys::none) co_return key;
  key = co_await read_secret(context, *account, std::move(name));
  if (key && key->empty()) key.reset();
  co_return key;
}

}  // namespace chatpad::functions
