// Database: the PostgreSQL this program works on, private or given, and how to log in.
#pragma once

#include <optional>
#include <string>

#include "runtime/base/config.h"
#include "runtime/home.h"
#include "runtime/pg/embedded.h"
#include "runtime/program.h"

namespace chatpad {

struct Database {
  std::optional<pg::Embedded> embedded;  // empty: CHATPAD_DATABASE_URL
  std::string admin;                     // who migrates
  std::string url;                       // for people and tools (DATABASE_URL)
  DatabaseLogins logins;

  // Starts the private cluster when no URL is given. On the main thread only.
  static Result<Database> open(const Config& config, const Home& home);
  // Brings the schema up to date and gives the logins of an external server their passwords.
  // Refused when the programs of that database have another secret.
  Result<std::string> migrate(const std::string& jwt_secret);
  // Before serving on an external server: Errc::conflict when this program's secret is not that of
  // the others, which is what a login refused means as well. A server that is away is no error.
  Result<void> check_secret(const std::string& jwt_secret) const;
  // Before serving: Errc::conflict when secrets are sealed here with a key that this program does
  // not have. A database that is away is no error.
  Result<void> check_sealing(const std::string& secret_key) const;
};

// Passwords of the logins on an external server follow from the program's secret.
std::string login_password(const std::string& jwt_secret, std::string_view login);

}  // namespace chatpad
