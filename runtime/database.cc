#include "runtime/database.h"

#include "runtime/pg/blocking.h"
#include "runtime/pg/conninfo.h"
#include "runtime/pg/migrate.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/sealed.h"

namespace chatpad {
namespace {

constexpr const char* kDatabaseName = "chatpad";
constexpr size_t kFingerprintChars = 16;
// Held to the end of the session: roles cannot be altered by two programs at once.
constexpr const char* kLoginsLock = "select pg_advisory_lock(5270003)";

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

// Says which secret it is and nothing about it.
std::string fingerprint_of(const std::string& jwt_secret) {
  return wire::hmac_sha256_hex(jwt_secret, "fingerprint").substr(0, kFingerprintChars);
}

Error other_secret(const std::string& ours, const std::string& theirs) {
  return Error(Errc::conflict,
               PublicText("The programs on this database have another CHATPAD_JWT_SECRET than this "
                          "home: its fingerprint is " +
                          theirs + ", this one's " + ours +
                          ". Give every program the same; docs/deploy/nodes.md says how to change "
                          "it."));
}

// The first program's secret is remembered; `session` may act as the owner.
Result<void> claim_secret(pg::Blocking& session, const std::string& jwt_secret) {
  const std::string ours = fingerprint_of(jwt_secret);
  auto role = session.run("set role chatpad_owner");
  if (!role) return role.error();
  const pg::Params params(ours);
  auto claimed = session.run(
      "insert into private.deployment (secret_fingerprint) values ($1) on conflict do nothing",
      params);
  if (!claimed) return claimed.error();
  auto kept = session.run("select secret_fingerprint from private.deployment");
  if (!kept) return kept.error();
  auto reset = session.run("reset role");
  if (!reset) return reset.error();
  if (kept->str(0, 0) != ours) return other_secret(ours, kept->str(0, 0));
  return {};
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
  const auto alone = session->run(kLoginsLock);
  if (!alone) return alone.error();
  const Result<void> claimed = claim_secret(*session, jwt_secret);
  if (!claimed) return claimed.error();
  for (const char* login : {"authenticator", "service_authenticator", "replicator"}) {
    // The password is hexadecimal text of our own making.
    const auto done = session->run(std::string("alter role ") + login + " password '" +
                                   login_password(jwt_secret, login) + "'");
    if (!done) return done.error();
  }
  return summary;
}

Result<void> Database::check_secret(const std::string& jwt_secret) const {
  if (embedded) return {};
  auto session = pg::Blocking::open(logins.service);
  if (!session) {
    if (session.error().cause.value.find("password authentication failed") == std::string::npos) {
      return {};
    }
    return Error(Errc::conflict,
                 PublicText("The database does not let this home's logins in: it was migrated with "
                            "another CHATPAD_JWT_SECRET, or not at all. Give every program the "
                            "same secret and run chatpad migrate."));
  }
  const std::string ours = fingerprint_of(jwt_secret);
  auto kept = session->run("set role service_role; select api.secret_fingerprint()");
  if (!kept || kept->size() == 0 || kept->str(0, 0).empty() || kept->str(0, 0) == ours) return {};
  return other_secret(ours, kept->str(0, 0));
}

Result<void> Database::check_sealing(const std::string& secret_key) const {
  const auto keys = wire::Keyring::parse(secret_key);
  if (!keys) return keys.error();
  auto session = pg::Blocking::open(logins.service);
  if (!session) return {};
  const auto sealing = session->run("set role service_role; select api.sealing_key()");
  if (!sealing || sealing->empty() || sealing->text(0, 0).empty() ||
      keys->knows(sealing->text(0, 0))) {
    return {};
  }
  return Error(Errc::conflict,
               PublicText("Secrets in this database are sealed with the key " + sealing->str(0, 0) +
                          ", which is not among this program's "
                          "CHATPAD_SECRET_KEY (it seals with " +
                          keys->key_id() +
                          "). Give every program the same; docs/operating.md says how to change "
                          "it."));
}

}  // namespace chatpad
