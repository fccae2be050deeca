// migrate(): brings a database to the SQL the program carries (sql/, see sql/CONVENTIONS.md).
//
//   bootstrap/*.sql    superuser acts, idempotent; only when the login is a superuser
//   migrations/*.sql   once each, in order, as chatpad_owner with row_security off, one transaction
//                      each, recorded with the file's SHA-256 in private.migrations
//   objects/**/*.sql   re-applied in path order, in one transaction, when one of them, the
//                      bootstrap or the migrations changed
//
// Safe to repeat, cheap when nothing changed (one connection, a few look-ups), and guarded by an
// advisory lock, so two programs may start at once. It refuses, with a sentence: a migration that
// was edited after it was applied, one that comes before an applied one, a database made by a newer
// program, and a database whose superuser acts are missing when the login may not do them
// (dba_script() is what a DBA has to run then). Synchronous: start-up and command line only.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"

namespace chatpad::pg {

struct SqlFile {
  std::string_view path;  // "sql/migrations/0001_people.sql"
  std::string_view text;
};

// Every file under sql/, in path order; the definition is generated (cmake/generated.cmake).
std::span<const SqlFile> sql_bundle();

constexpr uint32_t kMigrateLockMs = 60'000;

struct MigrateOptions {
  // Created when absent. Empty: the database that the connection string names.
  std::string database = "chatpad";
};

struct MigrateReport {
  bool database_created = false;
  bool bootstrap_applied = false;
  bool objects_applied = false;
  std::vector<std::string> migrations_applied;
};

Result<MigrateReport> migrate(const std::string& conninfo, std::span<const SqlFile> files,
                              const MigrateOptions& options = MigrateOptions());

// The superuser acts as one script, for a database where the program may not do them itself.
std::string dba_script(std::span<const SqlFile> files);

// What keeps the program from running on this database, one sentence each: version, wal_level,
// free replication slots, missing roles. Empty when all is well.
Result<std::vector<std::string>> database_obstacles(const std::string& conninfo);

}  // namespace chatpad::pg
