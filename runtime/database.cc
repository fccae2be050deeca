#include "runtime/database.h"

#include "runtime/pg/blocking.h"
#include "runtime/pg/conninfo.h"
#include "runtime/pg/migrate.h"
#include "runtime/wire/crypto.h"

namespace chatpad {
namespace {

constexpr const char* kDatabaseName = "chatpad";

Result<Database> open_private(const Config& config) {
  pg::EmbeddedOptions options;
  options.home = config.home;
  auto started = pg::Embedded::start(std::move(options));
  if (!started) return started.error();
  Database database;
  database.embedded.emplace(std::move(started).value());
  const pg::Embedded& cluster = *database.embedded;
  database.admin = cluster.conninfo("postgres", kDatabaseName);
  database.url = std::string("postgresql:///") + kDatabaseName + "?host=" + cluster.socket_dir +
                 "&port=" + std::to_string(cluster.port) + "&user=postgres";
  database.logins.authenticator = cluster.conninfo("authenticator", kDatabaseName);
  database.logins.service = cluster.conninfo("service_authenticator", kDatabaseName);
  database.logins.replicator = cluster.conninfo("replicator", kDatabaseName);
  return database;
}

Result<Database> open_external(const Config& config, const std::string& secret) {
  Database database;
  database.admin = config.database_url;
  database.url = config.database_url;
  for (auto [login, target] : {std::pair{"authenticator", &database.logins.authenticator},
                               std::pair{"service_authenticator", &database.logins.service},
                               std::pair{"replicator", &database.logins.replicator}}) {
    auto conninfo = pg::as_user(config.database_url, login, login_password(secret, login));
    if (!conninfo) return conninfo.error();
    *target = std::move(conninfo).value();
  }
  return database;
}

std::string summary_of(const pg::MigrateReport& report) {
  const size_t count = report.migrations_applied.size();
  if (count > 0) return std::to_string(count) + (count == 1 ? " migration" : " migrations");
  return report.objects_applied ? "functions and policies renewed" : "up to date";
}

}  // namespace

std::string login_password(const std::string& jwt_secret, std::string_view login) {
  return wire::hmac_sha256_hex(jwt_secret, "database login " + std::string(login));
}

Result<Database> Database::open(const Config& config, const Home& home) {
  if (config.database_url.empty()) return open_private(config);
  const auto secret = home.values.find("SUPABASE_JWT_SECRET");
  return open_external(config, secret == home.values.end() ? "" : secret->second);
}

Result<std::string> Database::migrate(const std::string& jwt_secret) {
  pg::MigrateOptions options;
  options.database = embedded ? kDatabaseName : "";
  const auto report = pg::migrate(admin, pg::sql_bundle(), options);
  if (!report) return report.error();
  const std::string summary = summary_of(*report);
  if (embedded) return summary;
  auto session = pg::Blocking::open(admin);
  if (!session) return session.error();
  for (const char* login : {"authenticator", "service_authenticator", "replicator"}) {
    // The password is hexadecimal text of our own making.
    const auto done = session->run(std::string("alter role ") + login + " password '" +
                                   login_password(jwt_secret, login) + "'");
    if (!done) return done.error();
  }
  return summary;
}

}  // namespace chatpad
