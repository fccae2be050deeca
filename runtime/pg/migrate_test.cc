#include "runtime/pg/migrate.h"

#include <fstream>
#include <sstream>

#include "runtime/pg/testing.h"

namespace chatpad::pg {
namespace {

using testing::TestDatabase;

constexpr SqlFile kBootstrap{"sql/bootstrap/0001_roles.sql",
                             "do $$ begin if not exists (select from pg_roles where rolname = "
                             "'chatpad_owner') then create role chatpad_owner nologin; end if; "
                             "end $$; create schema if not exists private; "
                             "alter schema private owner to chatpad_owner;"};
constexpr SqlFile kFirst{"sql/migrations/0001_first.sql", "create table private.things (id int);"};
constexpr SqlFile kSecond{"sql/migrations/0002_second.sql",
                          "alter table private.things add column name text;"};
constexpr SqlFile kObject{"sql/objects/private/count.sql",
                          "create or replace function private.things_count() returns bigint "
                          "language sql as 'select count(*) from private.things';"};

std::string superuser() { return TestDatabase::conninfo("postgres"); }

MigrateOptions fresh_database() {
  static int next = 0;
  MigrateOptions options;
  options.database = "migrate_" + std::to_string(next++);
  return options;
}

Result<MigrateReport> migrated(const std::vector<SqlFile>& files, const MigrateOptions& options) {
  return migrate(superuser(), files, options);
}

TEST(Migrate, makes_the_database_and_applies_each_migration_once) {
  const MigrateOptions options = fresh_database();
  const Result<MigrateReport> first = migrated({kBootstrap, kFirst, kObject}, options);
  ASSERT_TRUE(first.ok()) << first.error().message.value << first.error().cause.value;
  EXPECT_TRUE(first->database_created);
  EXPECT_EQ(first->migrations_applied, std::vector<std::string>{"0001_first"});
  EXPECT_TRUE(first->objects_applied);
  const Result<MigrateReport> again = migrated({kBootstrap, kFirst, kObject}, options);
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->database_created || again->bootstrap_applied || again->objects_applied);
  EXPECT_TRUE(again->migrations_applied.empty());
  const Result<MigrateReport> more = migrated({kBootstrap, kFirst, kSecond, kObject}, options);
  ASSERT_TRUE(more.ok());
  EXPECT_EQ(more->migrations_applied, std::vector<std::string>{"0002_second"});
  const Rows owner = TestDatabase::sql(
      "select tableowner from pg_tables where tablename = 'things'", options.database);
  EXPECT_EQ(owner.text(0, 0), "chatpad_owner");
}

TEST(Migrate, refuses_an_edited_an_earlier_and_an_unknown_migration) {
  const MigrateOptions options = fresh_database();
  ASSERT_TRUE(migrated({kBootstrap, kFirst, kSecond}, options).ok());
  const SqlFile edited{kFirst.path, "create table private.things (id bigint);"};
  const Result<MigrateReport> changed = migrated({kBootstrap, edited, kSecond}, options);
  ASSERT_FALSE(changed.ok());
  EXPECT_NE(changed.error().message.value.find("0001_first was changed"), std::string::npos);
  const Result<MigrateReport> older = migrated({kBootstrap, kFirst}, options);
  ASSERT_FALSE(older.ok());
  EXPECT_NE(older.error().message.value.find("newer chatpad"), std::string::npos);

  const MigrateOptions gap = fresh_database();
  const SqlFile third{"sql/migrations/0003_third.sql", "create table private.third (id int);"};
  ASSERT_TRUE(migrated({kBootstrap, kFirst, third}, gap).ok());
  const Result<MigrateReport> between = migrated({kBootstrap, kFirst, kSecond, third}, gap);
  ASSERT_FALSE(between.ok());
  EXPECT_NE(between.error().message.value.find("comes before"), std::string::npos);
}

TEST(Migrate, leaves_nothing_of_a_migration_that_fails_and_says_where) {
  const MigrateOptions options = fresh_database();
  const SqlFile bad{"sql/migrations/0002_bad.sql",
                    "create table private.half (id int);\n\nselect 1 from no_such_table;\n"};
  const Result<MigrateReport> failed = migrated({kBootstrap, kFirst, bad}, options);
  ASSERT_FALSE(failed.ok());
  EXPECT_NE(failed.error().message.value.find("0002_bad.sql:3: 42P01"), std::string::npos)
      << failed.error().message.value;
  const Rows half =
      TestDatabase::sql("select to_regclass('private.half') is null", options.database);
  EXPECT_TRUE(half.boolean(0, 0));
  ASSERT_TRUE(migrated({kBootstrap, kFirst, kSecond}, options).ok());
}

TEST(Migrate, tells_a_login_without_rights_what_is_missing) {
  const MigrateOptions options = fresh_database();
  TestDatabase::sql("create database " + options.database);
  TestDatabase::sql("drop role if exists plain; create role plain login");
  const std::vector<SqlFile> files{kBootstrap, kFirst};
  const Result<MigrateReport> refused = migrate(TestDatabase::conninfo("plain"), files, options);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.value.find("superuser acts"), std::string::npos);
  EXPECT_NE(dba_script(files).find("create role chatpad_owner"), std::string::npos);
}

TEST(Migrate, lists_what_keeps_the_program_from_a_database) {
  const MigrateOptions options = fresh_database();
  ASSERT_TRUE(migrated({kBootstrap}, options).ok());
  TestDatabase::sql("drop role if exists replicator");
  const Result<std::vector<std::string>> obstacles = database_obstacles(superuser());
  ASSERT_TRUE(obstacles.ok());
  ASSERT_EQ(obstacles->size(), 1u);
  EXPECT_NE(obstacles->front().find("replicator"), std::string::npos);
  EXPECT_FALSE(database_obstacles("host=/nowhere").ok());
}

// The repository's own SQL, when the tests run from a checkout.
TEST(Migrate, applies_the_sql_of_this_repository_twice) {
  const std::filesystem::path root = std::filesystem::path(CHATPAD_SOURCE_DIR);
  std::vector<std::string> texts;
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "sql")) {
    if (entry.path().extension() != ".sql") continue;
    std::ifstream in(entry.path());
    std::stringstream text;
    text << in.rdbuf();
    texts.push_back(text.str());
    paths.push_back(std::filesystem::relative(entry.path(), root).string());
  }
  std::vector<SqlFile> files;
  for (size_t i = 0; i < texts.size(); ++i) files.push_back(SqlFile{paths[i], texts[i]});
  const MigrateOptions options = fresh_database();
  const Result<MigrateReport> first = migrated(files, options);
  ASSERT_TRUE(first.ok()) << first.error().message.value << first.error().cause.value;
  const Result<MigrateReport> second = migrated(files, options);
  ASSERT_TRUE(second.ok()) << second.error().message.value;
  EXPECT_FALSE(second->objects_applied);
}

}  // namespace
}  // namespace chatpad::pg
