#include "runtime/commands.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "functions/shared/account/password.h"
#include "runtime/ai_check.h"
#include "runtime/banner.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/base/secret_key.h"
#include "runtime/database.h"
#include "runtime/edge/openapi.h"
#include "runtime/edge/router.h"
#include "runtime/home.h"
#include "runtime/key_store.h"
#include "runtime/pg/blocking.h"
#include "runtime/program.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/sealed.h"

namespace chatpad::commands {
namespace {

constexpr size_t kApiKeyPrefixChars = 12;

// Sockets are what this program is made of: take what the system allows.
void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 65'536);
  setrlimit(RLIMIT_NOFILE, &limit);
}

// A core file would hold every secret, and would be kept by whatever collects such files.
void leave_no_core() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

// A port that is free right now, for CHATPAD_PORT=0.
uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool found = fd >= 0 && ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  if (fd >= 0) ::close(fd);
  if (!found) raise(Errc::internal, PublicText("No free port was found."));
  return ntohs(address.sin_port);
}

void complete(Config& config, const Home& home) {
  if (config.port == 0) config.port = free_port();
  if (config.public_url.empty()) {
    const bool everywhere = config.host == "0.0.0.0" || config.host == "::";
    config.public_url = "http://" + (everywhere ? std::string("127.0.0.1") : config.host) + ":" +
                        std::to_string(config.port);
  }
  while (config.public_url.ends_with('/')) config.public_url.pop_back();
  if (config.auth.site_url.empty()) config.auth.site_url = config.public_url + "/admin/";
  const auto value = [&home](const char* name) {
    const auto found = home.values.find(name);
    return found == home.values.end() ? std::string() : found->second;
  };
  config.jwt_secret = value("SUPABASE_JWT_SECRET");
  config.secret_key = value("CHATPAD_SECRET_KEY");
  config.secret_key = secret_key_text(config).or_raise();
  wire::Keyring::parse(config.secret_key).or_raise();
  config.anon_key = value("SUPABASE_ANON_KEY");
  config.demo_agent_id = value("CHATPAD_DEMO_AGENT_ID");
}

// Sets password and key to what the env file says; says which agent the demo is.
void seed_demo(const Database& database, Home& home) {
  auto session = pg::Blocking::open(database.logins.service).or_raise();
  session.run("set role service_role").or_raise();
  const std::string& key = home.values["CHATPAD_DEMO_API_KEY"];
  pg::Params params(functions::hash_password(home.values["CHATPAD_DEMO_PASSWORD"]),
                    "\\x" + wire::sha256_hex(key), key.substr(0, kApiKeyPrefixChars));
  const pg::Rows rows = session
                            .run(
                                "select s->>'agentId', u.email from api.seed_demo($1, $2, $3) s "
                                "join lateral (select api.demo_email() as email) u on true",
                                params)
                            .or_raise();
  home.values["CHATPAD_DEMO_AGENT_ID"] = rows.str(0, 0);
  home.values["CHATPAD_DEMO_EMAIL"] = rows.str(0, 1);
}

struct Started {
  Home home;
  Database database;
};

Started open_home_and_database(const Config& config) {
  Home home = Home::open(config).or_raise();
  home.fill_secrets(config);
  // Before anything is made with the secrets: a start that is cut off must find the same ones
  // again.
  home.save().or_raise();
  Database database = Database::open(config, home).or_raise();
  return Started{std::move(home), std::move(database)};
}

// True: look again soon, it has just been started or could not be.
bool revive(pg::Embedded& cluster) {
  const Result<bool> started = cluster.revive();
  if (started) return *started;
  log::Line(LogLevel::error, "database_not_started").field("cause", started.error().message.value);
  return true;
}

// A private cluster has one program, this one: an answer that is still running has lost its writer.
void close_lost_answers(const Database& database) {
  auto session = pg::Blocking::open(database.logins.service).or_raise();
  session
      .run(
          "set role service_role; select api.close_lost_answers(); "
          "select api.release_lost_jobs()")
      .or_raise();
}

// The home's project keys are known to the database, unless somebody has revoked them. A database
// that is away has heard of them before, or will at the next start.
void register_project_keys(const Database& database, const Home& home) {
  auto session = pg::Blocking::open(database.logins.service);
  if (!session || !session->run("set role service_role")) return;
  const auto hash_of = [](const std::string& key) { return "\\x" + wire::sha256_hex(key); };
  for (const std::string& key : home.retired_keys) {
    session->run("select api.retire_project_key($1)", pg::Params(hash_of(key))).or_raise();
  }
  for (const auto& [name, prefix] : kProjectKeys) {
    const std::string& key = home.values.at(name);
    const std::string kind = std::string_view(prefix) == "sb_secret_" ? "secret" : "publishable";
    const pg::Params params(kind, hash_of(key), project_key_hint(key));
    const auto valid = session->run("select api.add_project_key($1, $2, $3)", params);
    const bool works = valid && valid->text(0, 0) == "t";
    if (!works) log::Line(LogLevel::warn, "project_key_not_valid").field("name", name);
  }
}

// Serves until a signal; the caller has migrated.
int run(const Config& config, Started& started, const std::function<void()>& when_listening) {
  Database& database = started.database;
  raise_file_limit();
  std::signal(SIGPIPE, SIG_IGN);
  if (database.embedded) close_lost_answers(database);
  database.check_secret(config.jwt_secret).or_raise();
  database.check_sealing(config.secret_key).or_raise();
  register_project_keys(database, started.home);
  Program program(config, database.logins, read_key_ring(config, database.logins.service));
  program.listen();
  if (database.embedded) {
    pg::Embedded* cluster = &*database.embedded;
    program.on_housekeeping([cluster] { cluster->bound_log(); });
    program.on_child_ended([cluster] { return revive(*cluster); });
  }
  when_listening();
  program.run();
  return 0;
}

// With a terminal in front, the log goes to a file and the screen stays readable.
void log_to_file_of_terminal(const Home& home) {
  if (!::isatty(STDERR_FILENO)) return;
  const int fd =
      ::open(home.path("chatpad.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd >= 0) log::set_fd(fd);
}

}  // namespace

int up(const Config& given) {
  leave_no_core();
  check_ai_addresses(given.ai).or_raise();
  Config config = given;
  Progress progress;
  Started started = open_home_and_database(config);
  complete(config, started.home);
  progress.step(started.database.embedded ? "PostgreSQL (private, in " + config.home + ")"
                                          : "PostgreSQL (CHATPAD_DATABASE_URL)");
  const std::string migrated = started.database.migrate(config.jwt_secret).or_raise();
  progress.step("Schema: " + migrated);
  if (started.home.values["CHATPAD_DEMO_AGENT_ID"].empty()) {
    seed_demo(started.database, started.home);
    progress.step("Demo shop, its knowledge, two conversations and a lead");
    config.demo_agent_id = started.home.values["CHATPAD_DEMO_AGENT_ID"];
  }
  EnvValues& values = started.home.values;
  values["SUPABASE_URL"] = config.public_url;
  values["DATABASE_URL"] = started.database.url;
  started.home.save().or_raise();
  log_to_file_of_terminal(started.home);
  const int code = run(config, started, [&] {
    progress.step("Listening");
    print_banner(config, started.home, progress.total_ms());
  });
  std::puts("\nStopping PostgreSQL ...");
  if (started.database.embedded) started.database.embedded->stop();
  std::puts("Stopped. Everything is kept; `./dev up` goes on from here.");
  return code;
}

int serve(const Config& given) {
  leave_no_core();
  check_ai_addresses(given.ai).or_raise();
  Config config = given;
  Started started = open_home_and_database(config);
  complete(config, started.home);
  return run(config, started,
             [&] { log::Line(LogLevel::info, "listening").field("url", config.public_url); });
}

int migrate(const Config& config) {
  Started started = open_home_and_database(config);
  const std::string secret = started.home.values["SUPABASE_JWT_SECRET"];
  std::puts(started.database.migrate(secret).or_raise().c_str());
  return 0;
}

int seed(const Config& config) {
  Started started = open_home_and_database(config);
  seed_demo(started.database, started.home);
  started.home.save().or_raise();
  std::printf("Demo account %s, agent %s; password and key are in %s\n",
              started.home.values["CHATPAD_DEMO_EMAIL"].c_str(),
              started.home.values["CHATPAD_DEMO_AGENT_ID"].c_str(),
              started.home.path("env").c_str());
  return 0;
}

int routes() {
  const edge::Router router(functions::endpoint_table());
  std::fputs(edge::routes_table(router).c_str(), stdout);
  return 0;
}

int openapi() {
  const edge::Router router(functions::endpoint_table());
  std::puts(edge::openapi_json(router).c_str());
  return 0;
}

int version() {
  std::puts("chatpad " CHATPAD_VERSION);
  return 0;
}

}  // namespace chatpad::commands
