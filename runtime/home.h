// Home: what the program keeps from one start to the next under CHATPAD_HOME: the lock that keeps a
// second program out, the secrets and the demo account's data (all in the env file).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runtime/base/config.h"
#include "runtime/base/env_file.h"

namespace chatpad {

// A secret that nobody guesses: 384 random bits in base64url.
std::string made_secret();
// The project keys: their names in the env file, and what they begin with.
constexpr std::pair<const char*, const char*> kProjectKeys[] = {
    {"SUPABASE_PUBLISHABLE_KEY", "sb_publishable_"}, {"SUPABASE_SECRET_KEY", "sb_secret_"}};
// A fresh random one.
std::string new_project_key(std::string_view prefix);
// What may be shown of a key, to tell it from others.
std::string project_key_hint(std::string_view key);

class Home {
 public:
  // Makes the folder and locks it. Errc::conflict when another program runs on it.
  static Result<Home> open(const Config& config);
  Home(Home&& other) noexcept;
  Home& operator=(Home&&) = delete;
  ~Home();

  // Makes secrets and keys that are missing; what is there stays.
  void fill_secrets(const Config& config);
  // Writes what changed since into the env file, and reads what others have changed there.
  Result<void> save();

  std::string path(std::string_view name) const { return folder_ + "/" + std::string(name); }
  const std::string& folder() const { return folder_; }
  EnvValues values;
  std::vector<std::string> retired_keys;  // project keys that fill_secrets() replaced

 private:
  Home(std::string folder, int lock_fd) : folder_(std::move(folder)), lock_fd_(lock_fd) {}
  EnvValues saved_;  // as the file has it
  std::string folder_;
  int lock_fd_ = -1;
};

}  // namespace chatpad
