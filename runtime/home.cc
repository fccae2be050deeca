#include "runtime/home.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "runtime/base/clock.h"
#include "runtime/base/uuid.h"
#include "runtime/wire/crypto.h"
#include "runtime/wire/json.h"
#include "runtime/wire/jwt.h"

namespace chatpad {
namespace {

constexpr int64_t kServerKeyYears = 10;
constexpr size_t kSecretBytes = 48;
constexpr size_t kApiKeyBytes = 24;
constexpr size_t kPasswordBytes = 9;
constexpr size_t kProjectKeyBytes = 17;  // 23 characters, of which the key takes 22
constexpr size_t kProjectKeyChars = 22;
constexpr size_t kProjectKeyCheckChars = 8;
constexpr size_t kProjectKeyPrefixChars = 3;  // sb_
constexpr size_t kHintChars = 4;

std::string random_text(size_t bytes) {
  std::string raw(bytes, '\0');
  random_bytes(raw.data(), raw.size());
  return wire::base64url_encode(raw);
}

// The same in every home with this secret: several programs may seed one database.
std::string derived_text(const std::string& secret, std::string_view what, size_t bytes) {
  return wire::base64url_encode(wire::hkdf_sha256(secret, "chatpad demo", what, bytes));
}

// As Supabase makes them: 22 characters of a secret, then the first 8 of a digest, by which a
// scanner tells one from other text (docs/operating.md).
std::string project_key(std::string_view prefix, std::string_view secret_chars) {
  std::string key = std::string(prefix) + std::string(secret_chars.substr(0, kProjectKeyChars));
  const auto digest = wire::sha256("supabase-self-hosted|" + key);
  key += '_';
  key += wire::base64url_encode(wire::bytes_of(digest)).substr(0, kProjectKeyCheckChars);
  return key;
}

std::string server_key(const wire::JwtVerifier& signer, std::string_view role) {
  wire::JsonWriter payload;
  payload.object()
      .field("iss", "chatpad")
      .field("role", role)
      .field("iat", wall_s())
      .field("exp", wall_s() + kServerKeyYears * 365 * 86400)
      .end();
  return signer.sign(payload.view());
}

}  // namespace

std::string made_secret() { return random_text(kSecretBytes); }

std::string new_project_key(std::string_view prefix) {
  return project_key(prefix, random_text(kProjectKeyBytes));
}

std::string project_key_hint(std::string_view key) {
  const size_t begin = key.find('_', kProjectKeyPrefixChars);
  return std::string(key.substr(0, begin == std::string_view::npos ? 0 : begin + 1 + kHintChars));
}

Result<Home> Home::open(const Config& config) {
  std::error_code failure;
  std::filesystem::create_directories(config.home, failure);
  if (failure) {
    return Error(Errc::internal, PublicText("Cannot make the folder " + config.home + ": " +
                                            failure.message() + "."));
  }
  const std::string lock = config.home + "/lock";
  const int fd = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return Error(Errc::internal,
                 PublicText("Cannot write in " + config.home + ": " + std::strerror(errno) + "."));
  }
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd);
    return Error(Errc::conflict, PublicText("ChatPad is already running on " + config.home +
                                            ". Stop it first, or set CHATPAD_HOME to another "
                                            "folder for a second one."));
  }
  Home home(config.home, fd);
  auto values = read_env_file(home.path("env"));
  if (!values) return values.error();
  home.values = std::move(values).value();
  home.saved_ = home.values;
  return home;
}

Home::Home(Home&& other) noexcept
    : values(std::move(other.values)),
      retired_keys(std::move(other.retired_keys)),
      saved_(std::move(other.saved_)),
      folder_(std::move(other.folder_)),
      lock_fd_(std::exchange(other.lock_fd_, -1)) {}

Home::~Home() {
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

void Home::fill_secrets(const Config& config) {
  const std::string before = values["SUPABASE_JWT_SECRET"];
  std::string& secret = values["SUPABASE_JWT_SECRET"];
  if (!config.jwt_secret.empty()) secret = config.jwt_secret;
  if (secret.empty()) secret = made_secret();
  const wire::JwtVerifier signer = wire::JwtVerifier::create(secret).or_raise();
  const bool changed = secret != before;
  if (changed || values["SUPABASE_ANON_KEY"].empty()) {
    values["SUPABASE_ANON_KEY"] = server_key(signer, "anon");
  }
  if (changed || values["SUPABASE_SERVICE_ROLE_KEY"].empty()) {
    values["SUPABASE_SERVICE_ROLE_KEY"] = server_key(signer, "service_role");
  }
  std::string& sealing = values["CHATPAD_SECRET_KEY"];
  if (!config.secret_key.empty()) sealing = config.secret_key;
  if (sealing.empty() && config.secret_key_file.empty()) {
    // Programs that share a database share the first secret, and so agree on the second.
    sealing = config.database_url.empty() ? made_secret()
                                          : derived_text(secret, "sealing key", kSecretBytes);
  }
  // The same in every home with this secret, so that each of several programs knows them; with the
  // secret they are replaced, for whoever knew it knows them.
  const auto renew = [&](std::string& key, const char* prefix) {
    if (!key.empty() && !changed) return;
    if (!key.empty()) retired_keys.push_back(key);
    key = project_key(prefix, derived_text(secret, prefix, kProjectKeyBytes));
  };
  renew(values["SUPABASE_PUBLISHABLE_KEY"], "sb_publishable_");
  renew(values["SUPABASE_SECRET_KEY"], "sb_secret_");
  if (values["CHATPAD_DEMO_PASSWORD"].empty()) {
    values["CHATPAD_DEMO_PASSWORD"] = derived_text(secret, "password", kPasswordBytes);
  }
  if (values["CHATPAD_DEMO_API_KEY"].empty()) {
    values["CHATPAD_DEMO_API_KEY"] = "cp_live_" + derived_text(secret, "api key", kApiKeyBytes);
  }
}

Result<void> Home::save() {
  // Only what this program changed: `chatpad secrets rotate` may have written since.
  const auto changed = change_env_file(path("env"), [this](EnvValues& file) {
    for (const auto& [name, value] : values) {
      const auto before = saved_.find(name);
      if (before == saved_.end() || before->second != value) file[name] = value;
    }
  });
  if (!changed) return changed.error();
  values = *changed;
  saved_ = *changed;
  return {};
}

}  // namespace chatpad
