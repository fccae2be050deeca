// The throw-away server and the two accounts in it.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "runtime/base/clock.h"
#include "runtime/base/env_file.h"
#include "runtime/isolation.h"
#include "runtime/isolation_http.h"
#include "runtime/pg/conninfo.h"
#include "runtime/pg/migrate.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"

namespace chatpad::isolation {
namespace {

constexpr uint64_t kReadyMs = 120'000;
constexpr int64_t kTokenS = 3600;
constexpr const char* kRoles[] = {"owner", "admin", "manager", "member", "client"};
constexpr const char* kScopes[] = {"chat:write",  "conversations:read", "conversations:write",
                                   "leads:write", "knowledge:read",     "knowledge:write"};

// A token as this server's own, made here so that none of its endpoints is needed.
std::string token_of(const std::string& secret, const std::string& claims) {
  const std::string text = wire::base64url_encode(R"({"alg":"HS256","typ":"JWT"})") + "." +
                           wire::base64url_encode(claims);
  return text + "." + wire::base64url_encode(wire::bytes_of(wire::hmac_sha256(secret, text)));
}

Persona person(const std::string& name, char account, const std::string& id,
               const std::string& secret) {
  wire::JsonWriter claims;
  claims.object().field("role", "authenticated").field("sub", id).field("aud", "authenticated");
  claims.field("aal", "aal1").field("iat", wall_s()).field("exp", wall_s() + kTokenS).end();
  const std::string text(claims.view());
  return {name, account, token_of(secret, text), "authenticated", text};
}

Persona visitor(const std::string& name, const World& world, char account, const std::string& id,
                const std::string& secret) {
  wire::JsonWriter claims;
  claims.object().field("role", "visitor").field("sub", id);
  claims.field("agent_id", world.id("agents", account));
  claims.field("account_id", world.id("accounts", account)).field("origin", "");
  claims.field("iat", wall_s()).field("exp", wall_s() + kTokenS).end();
  const std::string text(claims.view());
  return {name, account, token_of(secret, text), "visitor", text};
}

// An API key of the account, stored the way the program stores its own.
Persona api_key(pg::Blocking& session, const World& world, char account,
                const std::vector<std::string>& scopes) {
  std::string list;
  std::string shown;
  for (const std::string& scope : scopes) {
    list += (list.empty() ? "\"" : ",\"") + scope + "\"";
    shown += " " + scope;
  }
  if (scopes.size() == std::size(kScopes)) shown = " of every scope";
  if (scopes.empty()) shown = " without scopes";
  const std::string key =
      "cp_live_" + wire::sha256_hex(std::string(1, account) + shown).substr(0, 32);
  const pg::Params params(world.id("accounts", account), key.substr(0, 12),
                          "\\x" + wire::sha256_hex(key), "{" + list + "}", marker_of(account));
  const pg::Rows rows =
      session
          .run(
              "insert into public.api_keys (user_id, name, prefix, key_hash, scopes) "
              "values ($1, $5, $2, $3::bytea, $4::text[]) returning id",
              params)
          .or_raise();
  wire::JsonWriter claims;
  claims.object().field("role", "api_key").field("key_id", rows.str(0, 0));
  claims.field("account_id", world.id("accounts", account));
  claims.raw_field("scopes", "[" + list + "]").end();
  return {"key" + shown, account, key, "api_key", std::string(claims.view())};
}

std::string user_id(char account, size_t role) {
  return std::string(1, account) + "0000000-0000-4000-8000-00000000000" + std::to_string(role + 1);
}

// The id of account a of every kind: a table's first row with an id of its own.
void read_ids(pg::Blocking& session, World& world) {
  const pg::Rows tables =
      session
          .run(
              "select c.relname, coalesce((select a.attname from pg_attribute a where a.attrelid "
              "= c.oid and a.attname = 'user_id'), case c.relname when 'accounts' then 'id' when "
              "'team_members' then 'owner_id' end), exists (select from pg_attribute a where "
              "a.attrelid = c.oid and a.attname = 'id' and a.atttypid = 'uuid'::regtype) "
              "from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in "
              "('r', 'p') and c.relowner = 'chatpad_owner'::regrole order by 1")
          .or_raise();
  for (int row = 0; row < tables.size(); ++row) {
    const std::string table = tables.str(row, 0);
    if (tables.is_null(row, 1)) continue;
    world.tenant_tables.push_back("public." + table + " " + tables.str(row, 1));
    if (!tables.boolean(row, 2)) continue;
    for (const char account : {'a', 'b'}) {
      const pg::Params owner(user_id(account, 0));
      const pg::Rows ids = session
                               .run("select id from public." + table + " where " +
                                        tables.str(row, 1) + " = $1 order by id limit 1",
                                    owner)
                               .or_raise();
      if (!ids.empty()) (account == 'a' ? world.ids_a : world.ids_b)[table] = ids.str(0, 0);
    }
  }
  for (const char account : {'a', 'b'}) {
    auto& ids = account == 'a' ? world.ids_a : world.ids_b;
    const std::string first(1, account);
    ids["users"] = user_id(account, 3);
    ids["spare_users"] = user_id(account, 2);
    ids["guests"] = user_id(account, std::size(kRoles));
    ids["factors"] = first + "d000000-0000-4000-8000-000000000001";
    ids["first_keys"] = first + "4000000-0000-4000-8000-000000000001";
    ids["sign_in_providers"] = first + "5400000-0000-4000-8000-000000000001";
    ids["web_sources"] = first + "9000000-0000-4000-8000-000000000003";
    ids["spare_conversations"] = first + "5000000-0000-4000-8000-000000000002";
    ids["spare_sources"] = first + "9000000-0000-4000-8000-000000000004";
    ids["knowledge_items"] = first + "d000000-0000-4000-8000-000000000002";
    ids["jobs"] = first + "e000000-0000-4000-8000-000000000001";
    ids["second_providers"] = first + "5400000-0000-4000-8000-000000000002";
    ids["second_keys"] = first + "4000000-0000-4000-8000-000000000002";
  }
}

}  // namespace

ThrowAway::ThrowAway(const Config& config) {
  std::string folder =
      (std::filesystem::temp_directory_path() / "chatpad-isolation-XXXXXX").string();
  if (!::mkdtemp(folder.data())) raise(Errc::internal, PublicText("No temporary folder."));
  home_ = folder;
  // The database runs as another user when this is root.
  std::filesystem::permissions(home_, std::filesystem::perms(0755));
  try {
    start(config);
    wait_until_ready();
    fill();
  } catch (...) {
    end();
    throw;
  }
}

ThrowAway::~ThrowAway() { end(); }

void ThrowAway::end() {
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
  }
  std::error_code ignored;
  std::filesystem::remove_all(home_, ignored);
}

void ThrowAway::start(const Config& config) {
  const std::string log = home_ + "/verify.log";
  const std::string loops = std::to_string(config.loops);
  pid_ = ::fork();
  if (pid_ < 0) raise(Errc::internal, PublicText("No further process can be started."));
  if (pid_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (fd >= 0) {
    ::dup2(fd, STDOUT_FILENO);
    ::dup2(fd, STDERR_FILENO);
  }
  // Nothing of this program's own surroundings: no other database, key or node.
  for (const char* name : {"CHATPAD_DATABASE_URL", "CHATPAD_REDIS_URL", "CHATPAD_PUBLIC_URL",
                           "CHATPAD_JWT_SECRET", "CHATPAD_SECRET_KEY", "CHATPAD_SECRET_KEY_FILE",
                           "CHATPAD_TRUSTED_PROXIES", "CHATPAD_STRIPE_WEBHOOK_SECRET"}) {
    ::unsetenv(name);
  }
  ::setenv("CHATPAD_HOME", home_.c_str(), 1);
  ::setenv("CHATPAD_HOST", "127.0.0.1", 1);
  ::setenv("CHATPAD_PORT", "0", 1);
  ::setenv("CHATPAD_LOOPS", loops.c_str(), 1);
  ::setenv("CHATPAD_RATE_SCALE", "1000000", 1);
  ::setenv("CHATPAD_STRIPE_SECRET_KEY", "sk_test_of_nobody", 1);
  ::setenv("CHATPAD_STRIPE_URL", stripe_.url().c_str(), 1);
  ::execl("/proc/self/exe", "chatpad", "up", nullptr);
  ::_exit(127);
}

void ThrowAway::wait_until_ready() {
  const uint64_t until = monotonic_ms() + kReadyMs;
  for (;;) {
    int status = 0;
    const bool ended = ::waitpid(pid_, &status, WNOHANG) == pid_;
    if (ended) pid_ = -1;
    if (ended || monotonic_ms() > until) {
      raise(Errc::internal, PublicText("The throw-away server did not start."));
    }
    const auto values = read_env_file(home_ + "/env");
    if (values && values->count("SUPABASE_URL")) {
      world_.url = values->at("SUPABASE_URL");
      world_.port = static_cast<uint16_t>(std::stoi(world_.url.substr(world_.url.rfind(':') + 1)));
      world_.anon_key = values->at("SUPABASE_ANON_KEY");
      world_.admin = values->at("DATABASE_URL");
      secret_ = values->at("SUPABASE_JWT_SECRET");
      service_key_ = values->at("SUPABASE_SERVICE_ROLE_KEY");
      HttpClient client(world_.port);
      const auto answer = client.send({"GET", "/health", "", ""});
      if (answer && answer->status == 200) break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  world_.authenticator = pg::as_user(world_.admin, "authenticator", "").or_raise();
  world_.service = pg::as_user(world_.admin, "service_authenticator", "").or_raise();
}

void ThrowAway::fill() {
  pg::Blocking session = pg::Blocking::open(world_.admin).or_raise();
  for (const pg::SqlFile& file : pg::sql_bundle()) {
    if (file.path == "sql/isolation/world.sql") session.run(std::string(file.text)).or_raise();
  }
  read_ids(session, world_);
  std::vector<Persona>& personas = world_.personas;
  personas.push_back({"nobody at all", '-', "", "", ""});
  personas.push_back({"anon", '-', world_.anon_key, "anon", R"({"role":"anon"})"});
  personas.push_back(
      person("a person of no account", '-', "c0000000-0000-4000-8000-000000000001", secret_));
  const std::vector<std::string> every(std::begin(kScopes), std::end(kScopes));
  for (const char account : {'a', 'b'}) {
    for (size_t role = 0; role < std::size(kRoles); ++role) {
      personas.push_back(person(kRoles[role], account, user_id(account, role), secret_));
    }
    const std::string id = std::string(1, account) + "3000000-0000-4000-8000-00000000000";
    personas.push_back(visitor("visitor", world_, account, id + "1", secret_));
    personas.push_back(visitor("another visitor", world_, account, id + "2", secret_));
    personas.push_back(api_key(session, world_, account, every));
    personas.push_back(api_key(session, world_, account, {}));
    for (const std::string& scope : every) {
      personas.push_back(api_key(session, world_, account, {scope}));
    }
  }
  Persona super_admin = person("super admin", 'b', "d0000000-0000-4000-8000-000000000001", secret_);
  super_admin.kind = PersonaKind::platform;
  world_.platform = {super_admin,
                     {"service key", 'b', service_key_, "service_role",
                      R"({"role":"service_role"})", PersonaKind::platform}};
  // Again, with the keys.
  world_.tenant_tables.clear();
  read_ids(session, world_);
}

std::map<std::string, std::string> rows_of(pg::Blocking& session, const World& world,
                                           char account) {
  std::map<std::string, std::string> rows;
  std::string sql;
  for (const std::string& entry : world.tenant_tables) {
    const size_t space = entry.find(' ');
    const std::string table = entry.substr(0, space);
    // A background job folds into it what the account itself has used, some time afterwards. That
    // nobody else may write it is what verify_tables tries.
    if (table == "public.usage_metrics") continue;
    sql += (sql.empty() ? "" : " union all ") + std::string("select '") + table +
           "', count(*)::text || ' ' || coalesce(md5(string_agg(r, '|' order by r)), '') from " +
           table +
           " t cross join lateral (select (to_jsonb(t) - 'last_used_at')::text as r) x where " +
           entry.substr(space + 1) + " = '" + world.id("accounts", account) + "'";
  }
  const pg::Rows found = session.run(sql).or_raise();
  for (int row = 0; row < found.size(); ++row) rows[found.str(row, 0)] = found.str(row, 1);
  return rows;
}

}  // namespace chatpad::isolation
