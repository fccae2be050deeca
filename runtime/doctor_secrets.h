// What `chatpad doctor` says about secrets: weak, published or readable by others. Nothing of a
// secret is in what it says.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/config.h"
#include "runtime/base/env_file.h"
#include "runtime/pg/blocking.h"

namespace chatpad {

struct Weakness {
  std::string what;
  std::string remedy;
};

// Of the values of the env file and of the settings.
std::vector<Weakness> weak_secrets(const EnvValues& values, const Config& config);
// Of the env file and the folder: who but the owner may read or change them.
std::vector<Weakness> exposed_files(const std::string& home);
// Of the roles: who gets past row level security, or may do everything. Of a cluster of its
// own the program expects nobody else to have such rights.
enum class Cluster : uint8_t { own, shared };
std::vector<Weakness> dangerous_roles(pg::Blocking& session, Cluster cluster);

}  // namespace chatpad
