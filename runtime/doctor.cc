// chatpad doctor: looks at everything a start depends on and says, for each thing that is wrong,
// what to do about it.
#include <sys/resource.h>

#include <cstdio>

#include "runtime/base/secret_key.h"
#include "runtime/commands.h"
#include "runtime/database.h"
#include "runtime/doctor_secrets.h"
#include "runtime/extract_command.h"
#include "runtime/home.h"
#include "runtime/pg/blocking.h"

namespace chatpad::commands {
namespace {

constexpr rlim_t kFilesAdvised = 4096;

class Findings {
 public:
  void good(const std::string& what) { std::printf("  ok    %s\n", what.c_str()); }
  void bad(const std::string& what, const std::string& remedy) {
    std::printf("  WRONG %s\n        %s\n", what.c_str(), remedy.c_str());
    ++wrong_;
  }
  void check(bool holds, const std::string& what, const std::string& remedy) {
    if (holds) {
      good(what);
    } else {
      bad(what, remedy);
    }
  }
  // Works, and may bite later.
  void advise(bool holds, const std::string& what, const std::string& remedy) {
    if (holds) return good(what);
    std::printf("  THINK %s\n        %s\n", what.c_str(), remedy.c_str());
  }
  void bad(const std::vector<Weakness>& weaknesses, const std::string& else_good) {
    for (const Weakness& weakness : weaknesses) bad(weakness.what, weakness.remedy);
    if (weaknesses.empty()) good(else_good);
  }
  int wrong() const { return wrong_; }

 private:
  int wrong_ = 0;
};

std::string one_text(pg::Blocking& session, const std::string& sql) {
  auto rows = session.run(sql);
  return rows && rows->size() > 0 ? rows->str(0, 0) : "";
}

constexpr int kStreams = 2;  // durable events and row changes

// The settings that an external server decides about. A private cluster has ours.
void look_at_log(Findings& findings, pg::Blocking& session) {
  const auto rows = session.run(
      "select current_setting('max_replication_slots')::int - (select count(*) from "
      "pg_replication_slots), current_setting('max_wal_senders')::int - (select count(*) from "
      "pg_stat_replication), current_setting('max_slot_wal_keep_size'), "
      "current_setting('max_replication_slots'), current_setting('max_wal_senders')");
  if (!rows || rows->empty()) return findings.bad("the server's settings cannot be read", "");
  findings.check(rows->integer(0, 0) >= kStreams,
                 rows->str(0, 0) + " of " + rows->str(0, 3) + " replication slots are free",
                 "Every ChatPad program takes 2. Raise max_replication_slots and restart "
                 "PostgreSQL, or drop slots that nobody reads (pg_replication_slots).");
  findings.check(rows->integer(0, 1) >= kStreams,
                 rows->str(0, 1) + " of " + rows->str(0, 4) + " wal senders are free",
                 "Every ChatPad program takes 2. Raise max_wal_senders and restart PostgreSQL.");
  findings.advise(rows->str(0, 2) != "-1", "max_slot_wal_keep_size is " + rows->str(0, 2),
                  "A stream that stops reading keeps the log until the disk is full. Run: alter "
                  "system set max_slot_wal_keep_size = '1GB';  then select pg_reload_conf();");
}

void look_at_database(Findings& findings, const Database& database) {
  auto session = pg::Blocking::open(database.admin);
  if (!session) {
    findings.bad("the database does not answer", session.error().message.value.empty()
                                                     ? session.error().cause.value
                                                     : session.error().message.value);
    return;
  }
  const int version = session->server_version();
  findings.check(version >= pg::Embedded::kVersionAdvised,
                 "PostgreSQL " + one_text(*session, "show server_version"),
                 "Install PostgreSQL 15.20 or newer: older ones have known holes in row-level "
                 "security.");
  findings.check(one_text(*session, "show wal_level") == "logical", "wal_level is logical",
                 "Run: alter system set wal_level = logical;  then restart PostgreSQL.");
  look_at_log(findings, *session);
  findings.bad(dangerous_roles(*session, database.embedded ? Cluster::own : Cluster::shared),
               "no role gets past the policies but service_role");
  findings.check(
      !one_text(*session, "select 1 from pg_roles where rolname = 'authenticator'").empty(),
      "the login roles exist", "Run: chatpad migrate  (as a superuser of the database).");
  for (const auto& [login, conninfo] :
       {std::pair{"authenticator", database.logins.authenticator},
        std::pair{"service_authenticator", database.logins.service}}) {
    const auto as_login = pg::Blocking::open(conninfo);
    findings.check(as_login.ok(), std::string(login) + " can log in",
                   "Run: chatpad migrate  with this home, so that its password is set.");
  }
}

// What complete() would have put into the settings.
std::string sealing_keys(Config config, const Home& home) {
  const auto found = home.values.find("CHATPAD_SECRET_KEY");
  config.secret_key = found == home.values.end() ? "" : found->second;
  const auto text = secret_key_text(config);
  return text ? *text : config.secret_key;
}

}  // namespace

int doctor(const Config& config) {
  Findings findings;
  std::printf("ChatPad %s, home %s\n", CHATPAD_VERSION, config.home.c_str());
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  findings.check(files.rlim_max >= kFilesAdvised,
                 std::to_string(files.rlim_max) + " open files allowed",
                 "Raise the limit (ulimit -n 65536); every visitor needs one.");
  findings.check(
      extractor_works(), "files are read in a sandbox",
      "The extractor does not start from memory, or the kernel refuses seccomp: allow both "
      "(vm.memfd_noexec below 2, a container profile with seccomp), or no file is read.");
  const auto values = read_env_file(config.home + "/env");
  findings.check(values.ok(), "the env file can be read",
                 values ? "" : values.error().message.value);
  findings.bad(exposed_files(config.home),
               "nobody else can read the secrets or write into the home");
  auto home = Home::open(config);
  if (!home) {
    findings.bad("the home is in use", home.error().message.value);
  } else {
    home->fill_secrets(config);
    findings.bad(weak_secrets(home->values, config), "no secret is weak or published");
    auto database = Database::open(config, *home);
    if (!database) {
      findings.bad("PostgreSQL does not start", database.error().message.value);
    } else {
      look_at_database(findings, *database);
      const Result<void> sealing = database->check_sealing(sealing_keys(config, *home));
      findings.check(sealing.ok(), "the secrets of accounts are sealed with a key of this home",
                     sealing ? "" : sealing.error().message.value);
    }
  }
  std::printf("%d things to mend\n", findings.wrong());
  return findings.wrong() == 0 ? 0 : 1;
}

}  // namespace chatpad::commands
