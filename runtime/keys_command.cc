#include "runtime/keys_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "runtime/base/env_file.h"
#include "runtime/base/log.h"
#include "runtime/home.h"
#include "runtime/home_database.h"
#include "runtime/key_store.h"
#include "runtime/wire/crypto.h"

namespace chatpad::commands {
namespace {

// What the command line said; there is one per process.
struct Asked {
  CLI::App* list = nullptr;
  CLI::App* create = nullptr;
  CLI::App* rotate = nullptr;
  CLI::App* revoke = nullptr;
  std::string what;
  std::string id;
};

Asked& asked() {
  static Asked of_process;
  return of_process;
}

// The env file, and a session that may act as the service.
struct Stage {
  Config config;
  EnvValues values;
  std::optional<pg::Blocking> session;

  pg::Rows run(const std::string& sql, const pg::Params& params) {
    auto rows = session->run(sql, params);
    if (rows) return std::move(rows).value();
    // A sentence of private.fail() is for the person at the terminal; DETAIL is not.
    Error error = rows.error();
    throw Raised(std::move(error));
  }
};

Stage open_stage(const Config& given) {
  Stage stage{given, read_env_file(given.home + "/env").or_raise(), std::nullopt};
  if (stage.values.empty()) {
    raise(Errc::not_found, PublicText("There is no " + given.home + "/env yet; run chatpad up."));
  }
  return stage;
}

void connect(Stage& stage) {
  const HomeDatabase home = HomeDatabase::of(stage.config);
  stage.config.jwt_secret = home.value("SUPABASE_JWT_SECRET");
  stage.session.emplace(home.service());
}

int print_env_keys(const Stage& stage) {
  for (const char* name : {"SUPABASE_URL", "SUPABASE_ANON_KEY", "SUPABASE_SERVICE_ROLE_KEY",
                           "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY"}) {
    const auto found = stage.values.find(name);
    if (found != stage.values.end()) std::printf("%s=%s\n", name, found->second.c_str());
  }
  return 0;
}

int list(Stage& stage) {
  const pg::Rows rows = stage.run(
      "select kind, id, algorithm, status, to_char(since at time zone 'UTC', 'YYYY-MM-DD HH24:MI') "
      "from api.list_keys()",
      pg::Params());
  bool pair_signs = false;
  for (int row = 0; row < rows.size(); ++row) {
    pair_signs = pair_signs || rows.text(row, 3) == "current";
  }
  std::printf("%-12s %-36s  %-24s %-9s %s\n", "KIND", "ID", "KEY", "STATUS", "SINCE (UTC)");
  std::printf("%-12s %-36s  %-24s %-9s\n", "signing", "-", "HS256 (the JWT secret)",
              pair_signs ? "previous" : "current");
  for (int row = 0; row < rows.size(); ++row) {
    std::printf("%-12s %-36s  %-24s %-9s %s\n", rows.str(row, 0).c_str(), rows.str(row, 1).c_str(),
                rows.str(row, 2).c_str(), rows.str(row, 3).c_str(), rows.str(row, 4).c_str());
  }
  return 0;
}

int create_signing_key(Stage& stage, wire::JwtAlgorithm algorithm) {
  const wire::PrivateKey key = wire::PrivateKey::generate(algorithm);
  const std::string id = Uuid::random().str();
  const auto bytea = [](const std::string& bytes) { return "\\x" + wire::hex_encode(bytes); };
  const std::string sealed = seal_private_key(stage.config, id, key.to_der());
  stage.run("select api.create_signing_key($1, $2, $3, $4)",
            pg::Params(id, wire::jwt_algorithm_name(algorithm), bytea(key.public_key().to_der()),
                       bytea(sealed)));
  std::printf(
      "Made %s as standby. Every program shows it in jwks.json within a second; clients keep "
      "that list for 10 minutes. Then: chatpad keys rotate\n",
      id.c_str());
  return 0;
}

int create_project_key(Stage& stage, const std::string& kind) {
  const bool secret = kind == "secret";
  const auto& [name, prefix] = kProjectKeys[secret ? 1 : 0];
  const std::string key = new_project_key(prefix);
  stage.run("select api.add_project_key($1, $2, $3)",
            pg::Params(kind, "\\x" + wire::sha256_hex(key), project_key_hint(key)));
  change_env_file(stage.config.home + "/env", [name = name, &key](EnvValues& values) {
    values[name] = key;
  }).or_raise();
  std::printf(
      "%s=%s\nIt is in the env file in place of the one before, which stays valid until it is "
      "revoked (chatpad keys list, chatpad keys revoke ID).\n",
      name, key.c_str());
  return 0;
}

int create(Stage& stage, const std::string& what) {
  if (what == "es256") return create_signing_key(stage, wire::JwtAlgorithm::es256);
  if (what == "rs256") return create_signing_key(stage, wire::JwtAlgorithm::rs256);
  return create_project_key(stage, what);
}

int rotate(Stage& stage) {
  const pg::Rows rows = stage.run("select api.rotate_signing_keys()", pg::Params());
  std::printf("%s signs from now on. Tokens of the key before stay valid until that is revoked.\n",
              rows.str(0, 0).c_str());
  return 0;
}

int revoke(Stage& stage, const std::string& id) {
  if (!Uuid::parse(id)) {
    raise(Errc::validation_failed, PublicText("A key's id is a UUID; chatpad keys list shows it."));
  }
  const pg::Rows rows = stage.run("select api.revoke_key($1)", pg::Params(id));
  const std::string was = rows.str(0, 0);
  std::printf("Revoked %s (%s). No program accepts it any more, within a second.\n", id.c_str(),
              was.c_str());
  if (was == "current")
    std::puts("New tokens are signed by the JWT secret (HS256) until a rotation.");
  return 0;
}

}  // namespace

void add_keys(CLI::App& app) {
  Asked& to = asked();
  to.list = app.add_subcommand("list", "Signing keys and project keys, and what they are");
  to.create = app.add_subcommand("create", "Make a standby signing key, or another project key");
  to.create->add_option("what", to.what, "es256, rs256, publishable or secret")
      ->required()
      ->check(CLI::IsMember({"es256", "rs256", "publishable", "secret"}));
  to.rotate = app.add_subcommand("rotate", "Let the standby key sign; the one before stays valid");
  to.revoke = app.add_subcommand("revoke", "Accept nothing of this key any more");
  to.revoke->add_option("id", to.id, "The key's id")->required();
  app.require_subcommand(0, 1);
}

int keys(const Config& config) {
  const Asked& from = asked();
  Stage stage = open_stage(config);
  log::set_level(LogLevel::error);
  if (!*from.list && !*from.create && !*from.rotate && !*from.revoke) return print_env_keys(stage);
  connect(stage);
  if (*from.list) return list(stage);
  if (*from.create) return create(stage, from.what);
  if (*from.rotate) return rotate(stage);
  return revoke(stage, from.id);
}

}  // namespace chatpad::commands
