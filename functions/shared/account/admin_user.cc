#include "functions/shared/account/admin_user.h"

#include "functions/shared/account/password.h"
#include "functions/shared/account/password_rules.h"
#include "functions/shared/account/sign_in.h"
#include "runtime/wire/json.h"

namespace chatpad::functions {
namespace {

constexpr size_t kMetadataBytesMax = 16 * 1024;

}  // namespace

AdminUser AdminUser::read(const wire::Fields& f) {
  AdminUser user;
  user.email = f.optional_email("email");
  user.phone = f.optional_string("phone", 32);
  user.password = f.optional_string("password", kPasswordBytesMax);
  user.user_metadata = f.optional_object_text("user_metadata", kMetadataBytesMax);
  user.app_metadata = f.optional_object_text("app_metadata", kMetadataBytesMax);
  user.ban_duration = f.optional_string("ban_duration", 64);
  user.email_confirm = f.optional_boolean("email_confirm");
  user.phone_confirm = f.optional_boolean("phone_confirm");
  user.id = f.optional_uuid("id");
  if (f.optional_string("role", 64).value_or("authenticated") != "authenticated") {
    wire::refuse_field("role", "must be authenticated: people have no other");
  }
  return user;
}

Task<std::string> admin_user_json(edge::Call call, AdminUser user) {
  wire::JsonWriter p;
  p.object();
  if (user.email) p.field("email", *user.email);
  if (user.phone) p.field("phone", *user.phone);
  if (user.user_metadata) p.raw_field("userMetadata", *user.user_metadata);
  if (user.app_metadata) p.raw_field("appMetadata", *user.app_metadata);
  if (user.ban_duration) p.field("banDuration", *user.ban_duration);
  if (user.email_confirm) p.field("emailConfirm", *user.email_confirm);
  if (user.phone_confirm) p.field("phoneConfirm", *user.phone_confirm);
  if (user.password && !user.password->empty()) {
    require_strong_password(call.context().config().auth, *user.password);
    std::string hash = co_await hash_off_loop(call, *user.password);
    p.field("passwordHash", hash);
  }
  p.end();
  co_return std::move(p).str();
}

Uuid user_id_of_path(const edge::Call& call) {
  const auto id = Uuid::parse(call.path_parameter());
  if (!id) raise(Errc::user_not_found);
  return *id;
}

}  // namespace chatpad::functions
