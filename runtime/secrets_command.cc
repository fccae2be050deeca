#include "runtime/secrets_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>

#include "runtime/base/env_file.h"
#include "runtime/base/secret_key.h"
#include "runtime/database.h"
#include "runtime/home.h"
#include "runtime/home_database.h"
#include "runtime/key_store.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/sealed.h"

namespace chatpad::commands {
namespace {

constexpr int kRotateBatch = 200;
constexpr const char* kKeyName = "CHATPAD_SECRET_KEY";

std::string value_of(const EnvValues& values, const char* name) {
  const auto found = values.find(name);
  return found == values.end() ? std::string() : found->second;
}

bool operator_keeps_keys(const Config& config) {
  return !config.secret_key.empty() || !config.secret_key_file.empty();
}

// The keys to rotate with: the first seals from now on. Those of the home get a new one in front,
// unless an earlier rotation has not come to its end.
std::string keys_to_rotate(const Config& config) {
  if (!config.secret_key.empty()) return config.secret_key;
  if (!config.secret_key_file.empty()) return secret_key_text(config).or_raise();
  if (!config.database_url.empty()) {
    raise(Errc::conflict,
          PublicText("Other programs may share this database, and a key made here would be unknown "
                     "to them. Set CHATPAD_SECRET_KEY to a new key, a comma and the present one on "
                     "every program, start them again, and call this with the same setting."));
  }
  auto written = change_env_file(config.home + "/env", [](EnvValues& values) {
    std::string& keys = values[kKeyName];
    if (keys.empty()) {
      keys = made_secret();
    } else if (keys.find(',') == std::string::npos) {
      keys.insert(0, made_secret() + ",");
    }
  });
  return value_of(std::move(written).or_raise(), kKeyName);
}

// Logs in to the database of the running program; of a stopped one with a private cluster, starts
// that for as long as this takes.
class Target {
 public:
  explicit Target(const Config& config) {
    const HomeDatabase known = HomeDatabase::of(config);
    jwt_secret_ = known.value("SUPABASE_JWT_SECRET");
    if (config.database_url.empty()) {
      auto home = Home::open(config);
      if (home) {
        home_.emplace(std::move(home).value());
        database_.emplace(Database::open(config, *home_).or_raise());
      }
    }
    session_.emplace(known.service());
  }
  ~Target() {
    session_.reset();
    if (database_ && database_->embedded) database_->embedded->stop();
  }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  pg::Blocking& session() { return *session_; }
  const std::string& jwt_secret() const { return jwt_secret_; }

 private:
  std::string jwt_secret_;
  std::optional<Home> home_;
  std::optional<Database> database_;
  std::optional<pg::Blocking> session_;
};

constexpr std::string_view kSigningKeys = "signing_keys.";

// The text, whatever it was sealed with. Signing keys of older programs are bytes under the JWT
// secret.
std::optional<std::string> open_text(const wire::Keyring& keys, std::string_view jwt_secret,
                                     const wire::SealedFor& target, std::string_view sealed) {
  if (!target.place.starts_with(kSigningKeys)) return keys.open(target, sealed);
  const std::string_view id = target.place.substr(kSigningKeys.size());
  const std::string bytes = sealed.starts_with("\\x")
                                ? wire::hex_decode(sealed.substr(2)).value_or("")
                                : std::string(sealed);
  return open_private_key(keys, jwt_secret, id, bytes);
}

// How many of the batch were sealed anew. Nobody's change meanwhile is overwritten.
int reseal_batch(pg::Blocking& session, const wire::Keyring& keys, std::string_view jwt_secret,
                 const pg::Rows& batch) {
  int done = 0;
  for (int row = 0; row < batch.size(); ++row) {
    const std::string place = batch.str(row, 0);
    const std::string owner = batch.str(row, 1);
    const std::string sealed = batch.str(row, 2);
    const auto text = open_text(keys, jwt_secret, {owner, place}, sealed);
    if (!text) {
      raise(Errc::conflict,
            PublicText("The secret " + place + " of account " + owner +
                       " is sealed with a key that is not here. Put that key behind the others in "
                       "CHATPAD_SECRET_KEY, or delete the secret, and call again."));
    }
    const pg::Params params(place, owner, sealed, keys.seal({owner, place}, *text));
    const pg::Rows changed =
        session.run("select api.reseal($1, $2::uuid, $3, $4)", params).or_raise();
    if (changed.size() == 1 && changed.boolean(0, 0)) ++done;
  }
  return done;
}

std::string one_key(pg::Blocking& session) {
  return session.run("select api.sealing_key()").or_raise().str(0, 0);
}

// Nothing is sealed with an older key afterwards, and nothing can be: the database refuses it.
int reseal_everything(pg::Blocking& session, const wire::Keyring& keys,
                      std::string_view jwt_secret) {
  const pg::Params key(keys.key_id());
  session.run("select api.begin_sealing_rotation($1)", key).or_raise();
  int done = 0;
  for (;;) {
    const pg::Params asked(keys.key_id(), kRotateBatch);
    const pg::Rows batch =
        session
            .run("select place, owner, sealed from api.sealed_with_other_keys($1, $2::int)", asked)
            .or_raise();
    if (batch.empty()) return done;
    const int now = reseal_batch(session, keys, jwt_secret, batch);
    done += now;
    if (now == 0 && one_key(session) != keys.key_id()) {
      raise(Errc::conflict, PublicText("Another rotation has begun meanwhile; it goes on."));
    }
  }
}

int rotate(const Config& config) {
  // The database first: nothing changes in the home when it is away.
  Target target(config);
  const std::string text = keys_to_rotate(config);
  const wire::Keyring keys = wire::Keyring::parse(text).or_raise();
  const int done = reseal_everything(target.session(), keys, target.jwt_secret());
  std::printf("%d secrets are sealed with the key %s now.\n", done, keys.key_id().c_str());
  if (operator_keeps_keys(config)) {
    std::puts("Only the first key of CHATPAD_SECRET_KEY is needed from here on.");
    return 0;
  }
  change_env_file(config.home + "/env", [&text](EnvValues& values) {
    if (values[kKeyName] == text) values[kKeyName] = text.substr(0, text.find(','));
  }).or_raise();
  return 0;
}

}  // namespace

void add_secrets(CLI::App& app) {
  app.add_subcommand("rotate", "Seal every secret of every account with a new key");
  app.require_subcommand(1);
}

int secrets(const Config& config) { return rotate(config); }

}  // namespace chatpad::commands
