#include "runtime/home_database.h"

#include "runtime/database.h"
#include "runtime/pg/conninfo.h"

namespace chatpad {

HomeDatabase HomeDatabase::of(const Config& config) {
  HomeDatabase home;
  home.values_ = read_env_file(config.home + "/env").or_raise();
  home.is_private_ = config.database_url.empty();
  home.url_ = home.is_private_ ? home.value("DATABASE_URL") : config.database_url;
  home.file_ = config.home + "/env";
  if (home.url_.empty()) home.refuse();
  return home;
}

void HomeDatabase::refuse() const {
  raise(Errc::not_found,
        PublicText(file_ + " does not say where the database is; start chatpad once."));
}

std::string HomeDatabase::value(const char* name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string() : found->second;
}

std::string HomeDatabase::login(const std::string& name) const {
  // A private cluster lets its operating-system user in without a password.
  if (is_private_) return pg::as_user(url_, name, "").or_raise();
  const std::string secret = value("SUPABASE_JWT_SECRET");
  if (secret.empty()) refuse();
  return pg::as_user(url_, name, login_password(secret, name)).or_raise();
}

pg::Blocking HomeDatabase::service() const {
  auto session = pg::Blocking::open(login("service_authenticator"));
  if (!session) {
    raise(Errc::database_unavailable,
          PublicText("The database does not answer. A private one runs while chatpad up does."),
          LogText(session.error().cause.value));
  }
  session->run("set role service_role").or_raise();
  return std::move(session).value();
}

}  // namespace chatpad
