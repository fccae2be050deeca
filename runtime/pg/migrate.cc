#include "runtime/pg/migrate.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "runtime/pg/blocking.h"
#include "runtime/wire/crypto.h"

namespace chatpad::pg {
namespace {

// Any constant will do; it says "chatpad" on a telephone.
constexpr const char* kLock = "select pg_advisory_lock(2428723)";
constexpr int kObjectsVersion = 0;  // the row that keeps the hash of bootstrap and objects
constexpr const char* kLedger =
    "set local role chatpad_owner;"
    "create table if not exists private.migrations (version int primary key, name text not null,"
    " sha256 text not null, applied_at timestamptz not null default now());";
constexpr const char* kAsOwner = "set local role chatpad_owner; set local row_security = off;";

Error refusal(std::string sentence, std::string cause = {}) {
  return Error(Errc::internal, PublicText(std::move(sentence)), LogText(std::move(cause)));
}

bool starts_with(std::string_view path, std::string_view folder) {
  return path.substr(0, folder.size()) == folder;
}

std::vector<SqlFile> in_folder(std::span<const SqlFile> files, std::string_view folder) {
  std::vector<SqlFile> chosen;
  for (const SqlFile& file : files) {
    if (starts_with(file.path, folder)) chosen.push_back(file);
  }
  std::sort(chosen.begin(), chosen.end(),
            [](const SqlFile& a, const SqlFile& b) { return a.path < b.path; });
  return chosen;
}

std::string combined_hash(const std::vector<SqlFile>& bootstrap,
                          const std::vector<SqlFile>& objects) {
  std::string all;
  for (const auto* part : {&bootstrap, &objects}) {
    for (const SqlFile& file : *part) {
      all += file.path;
      all += '\n';
      all += wire::sha256_hex(file.text);
      all += '\n';
    }
  }
  return wire::sha256_hex(all);
}

// "sql/migrations/0007_name.sql" -> 7, "0007_name".
struct Migration {
  int version = 0;
  std::string name;
  SqlFile file;
};

Result<std::vector<Migration>> numbered(const std::vector<SqlFile>& files) {
  std::vector<Migration> migrations;
  for (const SqlFile& file : files) {
    Migration m;
    m.file = file;
    std::string_view name = file.path.substr(file.path.rfind('/') + 1);
    name = name.substr(0, name.rfind('.'));
    m.name = name;
    std::from_chars(name.data(), name.data() + std::min<size_t>(4, name.size()), m.version);
    const bool taken = !migrations.empty() && migrations.back().version >= m.version;
    if (m.version <= 0 || taken) {
      return refusal("The file " + std::string(file.path) +
                     " needs a name that begins with a number of its own, of four digits.");
    }
    migrations.push_back(std::move(m));
  }
  return migrations;
}

class Migrator {
 public:
  Migrator(Blocking& database, std::span<const SqlFile> files)
      : database_(database),
        bootstrap_(in_folder(files, "sql/bootstrap/")),
        migrations_(in_folder(files, "sql/migrations/")),
        objects_(in_folder(files, "sql/objects/")) {}

  Result<void> run(MigrateReport& report) {
    const std::string lock = "set lock_timeout = " + std::to_string(kMigrateLockMs) + ";" + kLock;
    if (const Result<Rows> locked = database_.run(lock); !locked) {
      return refusal("Another program is migrating this database.", locked.error().cause.value);
    }
    if (Result<void> done = read_ledger(); !done) return done;
    const std::string wanted = combined_hash(bootstrap_, objects_);
    const bool changed = ledger_[kObjectsVersion] != wanted;
    if (changed) {
      if (Result<void> done = apply_bootstrap(report); !done) return done;
    }
    if (Result<void> done = apply_migrations(report); !done) return done;
    if (changed || !report.migrations_applied.empty()) {
      if (Result<void> done = apply_objects(wanted); !done) return done;
      report.objects_applied = true;
    }
    return ensure_partitions();
  }

 private:
  Result<void> read_ledger() {
    const Result<Rows> there =
        database_.run("select to_regclass('private.migrations') is not null");
    if (!there) return there.error();
    if (!there->boolean(0, 0)) return {};
    const Result<Rows> rows = database_.run("select version, sha256 from private.migrations");
    if (!rows) return rows.error();
    for (int i = 0; i < rows->size(); ++i) {
      ledger_[static_cast<int>(rows->integer(i, 0))] = rows->str(i, 1);
    }
    return {};
  }

  Result<void> apply_bootstrap(MigrateReport& report) {
    const Result<Rows> may =
        database_.run("select rolsuper from pg_roles where rolname = current_user");
    if (!may) return may.error();
    if (!may->boolean(0, 0)) return check_bootstrapped();
    for (const SqlFile& file : bootstrap_) {
      if (Result<void> done = database_.script(file.path, "", file.text, ""); !done) return done;
    }
    report.bootstrap_applied = true;
    return {};
  }

  Result<void> check_bootstrapped() {
    const Result<Rows> ready = database_.run(
        "select coalesce((select pg_has_role(oid, 'member') from pg_roles"
        " where rolname = 'chatpad_owner'), false) and to_regnamespace('private') is not null");
    if (!ready) return ready.error();
    if (ready->boolean(0, 0)) return {};
    return refusal(
        "This database needs superuser acts that the program's login may not do: run "
        "`chatpad doctor`, give what it prints to the database's administrator, and start again.");
  }

  Result<void> apply_migrations(MigrateReport& report) {
    const Result<std::vector<Migration>> all = numbered(migrations_);
    if (!all) return all.error();
    const int newest = ledger_.empty() ? 0 : ledger_.rbegin()->first;
    const int known = all->empty() ? 0 : all->back().version;
    if (newest > known) {
      return refusal("This database was migrated by a newer chatpad (migration " +
                     std::to_string(newest) + "): start that version or a later one.");
    }
    for (const Migration& m : *all) {
      const std::string hash = wire::sha256_hex(m.file.text);
      const auto applied = ledger_.find(m.version);
      if (applied != ledger_.end()) {
        if (applied->second == hash) continue;
        return refusal("The migration " + m.name +
                       " was changed after it was applied. Undo the change and write a new one.");
      }
      if (m.version < newest) {
        return refusal("The migration " + m.name + " comes before one that was applied already (" +
                       std::to_string(newest) + "). Give it a later number.");
      }
      const std::string record =
          "set local role chatpad_owner;"
          "insert into private.migrations (version, name, sha256) values (" +
          std::to_string(m.version) + ", '" + m.name + "', '" + hash + "');";
      const std::string before = std::string("begin;") + kLedger + kAsOwner;
      if (Result<void> done = database_.script(m.file.path, before, m.file.text, record + "commit");
          !done) {
        return done;
      }
      report.migrations_applied.push_back(m.name);
    }
    return {};
  }

  Result<void> apply_objects(const std::string& hash) {
    const std::string begin =
        std::string("begin;") + kLedger + kAsOwner + "set local check_function_bodies = off;";
    if (const Result<Rows> begun = database_.run(begin); !begun) return begun.error();
    for (const SqlFile& file : objects_) {
      if (Result<void> done = database_.script(file.path, "", file.text, ""); !done) return done;
    }
    const Result<Rows> recorded = database_.run(
        "set local role chatpad_owner; insert into private.migrations (version, name, sha256)"
        " values (0, 'objects', '" +
        hash +
        "') on conflict (version) do update"
        " set sha256 = excluded.sha256, applied_at = now(); commit");
    if (!recorded) return recorded.error();
    return {};
  }

  Result<void> ensure_partitions() {
    const Result<Rows> there =
        database_.run("select to_regprocedure('realtime.ensure_partitions()') is not null");
    if (!there) return there.error();
    if (!there->boolean(0, 0)) return {};
    const Result<Rows> made = database_.run(
        "begin; set local role chatpad_owner; select realtime.ensure_partitions(); commit");
    if (!made) return made.error();
    return {};
  }

  Blocking& database_;
  std::vector<SqlFile> bootstrap_;
  std::vector<SqlFile> migrations_;
  std::vector<SqlFile> objects_;
  std::map<int, std::string> ledger_;
};

// The database itself, made on the way when it is missing.
Result<Blocking> open_database(const std::string& conninfo, const std::string& name,
                               MigrateReport& report) {
  Result<Blocking> database = Blocking::open(conninfo, name);
  if (database || name.empty()) return database;
  Result<Blocking> cluster = Blocking::open(conninfo, "postgres");
  if (!cluster) return database.error();
  const Result<Rows> there =
      cluster->run("select 1 from pg_database where datname = $1", Params(name));
  if (!there) return there.error();
  if (!there->empty()) return database.error();
  const Result<Rows> created =
      cluster->run("create database \"" + name + "\" template template0 encoding 'UTF8'");
  // Another program may have been faster.
  if (created) report.database_created = true;
  return Blocking::open(conninfo, name);
}

}  // namespace

Result<MigrateReport> migrate(const std::string& conninfo, std::span<const SqlFile> files,
                              const MigrateOptions& options) {
  MigrateReport report;
  Result<Blocking> database = open_database(conninfo, options.database, report);
  if (!database) return database.error();
  const Result<void> done = Migrator(*database, files).run(report);
  if (!done) return done.error();
  return report;
}

std::string dba_script(std::span<const SqlFile> files) {
  std::string script = "-- To be run by a superuser, connected to ChatPad's database.\n";
  for (const SqlFile& file : in_folder(files, "sql/bootstrap/")) {
    script += "\n-- ";
    script += file.path;
    script += '\n';
    script += file.text;
  }
  script += "\n-- The login that runs `chatpad migrate`:\n-- grant chatpad_owner to <login>;\n";
  return script;
}

Result<std::vector<std::string>> database_obstacles(const std::string& conninfo) {
  Result<Blocking> database = Blocking::open(conninfo);
  if (!database) return database.error();
  std::vector<std::string> obstacles;
  if (database->server_version() < 150000) {
    obstacles.push_back("PostgreSQL 15 or newer is needed.");
  }
  const Result<Rows> settings = database->run(
      "select current_setting('wal_level'), current_setting('max_replication_slots')::int"
      " - (select count(*) from pg_replication_slots),"
      " (select string_agg(r, ', ') from unnest(array['chatpad_owner', 'authenticator',"
      " 'service_authenticator', 'replicator']) r"
      " where not exists (select from pg_roles where rolname = r))");
  if (!settings) return settings.error();
  if (settings->text(0, 0) != "logical") {
    obstacles.push_back("The server's wal_level is " + settings->str(0, 0) +
                        ": set wal_level = logical and restart the server.");
  }
  if (settings->integer(0, 1) < 1) {
    obstacles.push_back("No replication slot is free: raise max_replication_slots.");
  }
  if (!settings->is_null(0, 2)) {
    obstacles.push_back("These roles are missing: " + settings->str(0, 2) +
                        ". A superuser has to run the script below.");
  }
  return obstacles;
}

}  // namespace chatpad::pg
