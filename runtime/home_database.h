// HomeDatabase: the database of a home, for commands that run beside its server (admin, audit,
// keys, outbox, realtime, secrets, verify-isolation). Where it is stands in the home's env file, or
// in CHATPAD_DATABASE_URL. Starts and changes nothing.
//
//   pg::Blocking session = HomeDatabase::of(config).service();
//
// Raises not_found for a home that was never started, database_unavailable when nobody answers.
#pragma once

#include <string>

#include "runtime/base/config.h"
#include "runtime/base/env_file.h"
#include "runtime/pg/blocking.h"

namespace chatpad {

class HomeDatabase {
 public:
  static HomeDatabase of(const Config& config);

  // For people and tools: the superuser of a private cluster.
  const std::string& url() const { return url_; }
  // A line of the env file; empty when it has none.
  std::string value(const char* name) const;
  // What to connect with as that login.
  std::string login(const std::string& name) const;
  // A session as the service.
  pg::Blocking service() const;

 private:
  [[noreturn]] void refuse() const;

  std::string file_;
  EnvValues values_;
  std::string url_;
  bool is_private_ = true;
};

}  // namespace chatpad
