// What an administrator says of a user, for creating and for updating one: the bodies are alike.
#pragma once

#include <optional>
#include <string>

#include "runtime/coro/task.h"
#include "runtime/edge/call.h"
#include "runtime/wire/fields.h"

namespace chatpad::functions {

struct AdminUser {
  std::optional<std::string> email, phone, password, user_metadata, app_metadata, ban_duration;
  std::optional<bool> email_confirm, phone_confirm;
  std::optional<Uuid> id;
  static AdminUser read(const wire::Fields& f);
};

// The parameter `p` of api.auth_admin_create and _update. Hashes the password: weak_password.
Task<std::string> admin_user_json(edge::Call call, AdminUser user);

// The id in the path, or user_not_found.
Uuid user_id_of_path(const edge::Call& call);

}  // namespace chatpad::functions
