#include "runtime/doctor_secrets.h"

#include <sys/stat.h>

#include <algorithm>

#include "runtime/wire/weak_secret.h"

namespace chatpad {
namespace {

constexpr mode_t kOthers = 077;
constexpr mode_t kOthersWrite = 022;

std::string value_of(const EnvValues& values, const char* name) {
  const auto found = values.find(name);
  return found == values.end() ? std::string() : found->second;
}

// The password of "scheme://user:password@host", as written; empty without one.
std::string password_in(const std::string& url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string::npos) return "";
  const std::string authority =
      url.substr(scheme + 3, url.find_first_of("/?", scheme + 3) - scheme - 3);
  const size_t at = authority.rfind('@');
  const size_t colon = authority.find(':');
  if (at == std::string::npos || colon == std::string::npos || colon > at) return "";
  return authority.substr(colon + 1, at - colon - 1);
}

}  // namespace

std::vector<Weakness> weak_secrets(const EnvValues& values, const Config& config) {
  std::vector<Weakness> found;
  const std::string jwt = value_of(values, "SUPABASE_JWT_SECRET");
  if (const auto weakness = wire::weakness_of_key(jwt)) {
    found.push_back(
        {"SUPABASE_JWT_SECRET " + *weakness,
         "Whoever guesses it is everybody. Set CHATPAD_JWT_SECRET to what `openssl rand "
         "-hex 32` says; every token and key is then made anew."});
  }
  std::string keys = value_of(values, "CHATPAD_SECRET_KEY");
  while (!keys.empty()) {
    const size_t comma = std::min(keys.find(','), keys.size());
    const std::string key = keys.substr(0, comma);
    keys.erase(0, comma + 1);
    if (const auto weakness = wire::weakness_of_key(key)) {
      found.push_back({"a key of CHATPAD_SECRET_KEY " + *weakness,
                       "Put a random one in front of it (`openssl rand -hex 32`) and call chatpad "
                       "secrets rotate."});
    }
    if (key == jwt) {
      found.push_back({"CHATPAD_SECRET_KEY is the JWT secret",
                       "Whoever gets one gets both. Give it a value of its own and call chatpad "
                       "secrets rotate."});
    }
  }
  for (const char* name : {"SUPABASE_ANON_KEY", "SUPABASE_SERVICE_ROLE_KEY"}) {
    if (wire::is_published_token(value_of(values, name))) {
      found.push_back(
          {std::string(name) + " is a key that Supabase publishes for trying things out",
           "Empty the line in the env file and start chatpad: it makes a new key."});
    }
  }
  const std::string demo = value_of(values, "CHATPAD_DEMO_PASSWORD");
  if (!demo.empty()) {
    if (const auto weakness = wire::weakness_of_password(demo)) {
      found.push_back({"CHATPAD_DEMO_PASSWORD " + *weakness,
                       "Edit the line in the env file and run chatpad seed."});
    }
  }
  for (const auto& [name, url] : {std::pair{"CHATPAD_DATABASE_URL", config.database_url},
                                  std::pair{"CHATPAD_REDIS_URL", config.redis_url}}) {
    const std::string password = password_in(url);
    if (password.empty()) continue;
    if (const auto weakness = wire::weakness_of_password(password)) {
      found.push_back({"the password in " + std::string(name) + " " + *weakness,
                       "Change it there and in the setting."});
    }
  }
  return found;
}

std::vector<Weakness> exposed_files(const std::string& home) {
  std::vector<Weakness> found;
  struct stat status {};
  const std::string env = home + "/env";
  if (::stat(env.c_str(), &status) == 0 && (status.st_mode & kOthers) != 0) {
    found.push_back(
        {"others may read or change " + env, "It holds every secret. Run: chmod 600 " + env});
  }
  if (::stat(home.c_str(), &status) == 0 && (status.st_mode & kOthersWrite) != 0) {
    found.push_back({"others may write into " + home,
                     "They could put an env file of their own there. Run: chmod go-w " + home});
  }
  return found;
}

std::vector<Weakness> dangerous_roles(pg::Blocking& session, Cluster cluster) {
  std::vector<Weakness> found;
  const pg::Rows rows =
      session
          .run(
              "select rolname, rolsuper, rolbypassrls, rolcanlogin, rolname in ('chatpad_owner', "
              "'anon', 'visitor', 'authenticated', 'api_key', 'service_role', 'authenticator', "
              "'service_authenticator', 'replicator') from pg_roles where (rolsuper or "
              "rolbypassrls) and oid <> 10 and rolname <> current_user order by 1")
          .or_raise();
  for (int row = 0; row < rows.size(); ++row) {
    const std::string name = rows.str(row, 0);
    const bool superuser = rows.boolean(row, 1);
    const bool login = rows.boolean(row, 3);
    const bool ours = rows.boolean(row, 4);
    if (superuser && (ours || (login && cluster == Cluster::own))) {
      found.push_back({"the role " + name + " is a superuser",
                       "It sees every account. Run: alter role \"" + name + "\" nosuperuser;"});
    } else if (!superuser && rows.boolean(row, 2) && name != "service_role") {
      found.push_back({"the role " + name + " has BYPASSRLS",
                       "It sees every account. Run: alter role \"" + name + "\" nobypassrls;"});
    }
  }
  return found;
}

}  // namespace chatpad
