// Row level security by itself, without an endpoint in front: every tenant table, every verb, as
// every persona, under the login that requests have.
#include "runtime/isolation.h"

namespace chatpad::isolation {
namespace {

struct Table {
  std::string name;
  std::string account_column;
};

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
  return out + "'";
}

// The first column of `sql` as the persona, undone afterwards; "-" when a grant, a policy or a
// function of ours refuses it. Any other error has come past them and shows as itself.
std::string as_persona(pg::Blocking& session, const Persona& persona, const std::string& sql) {
  session.run("begin").or_raise();
  session
      .run("select set_config('role', " + quoted(persona.db_role) +
           ", true), set_config('request.jwt.claims', " + quoted(persona.claims) + ", true)")
      .or_raise();
  const auto rows = session.run(sql);
  std::string found = "0";
  if (rows && !rows->empty()) found = rows->str(0, 0);
  if (!rows) {
    const std::string& cause = rows.error().cause.value;
    found = cause.starts_with("42501") || cause.starts_with("CP000") ? "-" : cause;
  }
  session.run("rollback").or_raise();
  return found;
}

// A copy of the other account's row, in the columns that people may set, is what an insert tries:
// everything in it is right, so that nothing but a grant or a policy can refuse it.
std::string copied_row(pg::Blocking& admin, const Table& table, const std::string& account) {
  const pg::Rows parts =
      admin
          .run(
              "select string_agg(quote_ident(a.attname), ', '), quote_literal((select to_jsonb(t) "
              "from " +
              table.name + " t where " + table.account_column + " = " + quoted(account) +
              " limit 1)) from pg_attribute a where a.attrelid = '" + table.name +
              "'::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and "
              "a.attidentity = '' and has_column_privilege('authenticated', a.attrelid, a.attnum, "
              "'insert')")
          .or_raise();
  if (parts.empty() || parts.is_null(0, 0)) return "";
  const std::string columns = parts.str(0, 0);
  return "insert into " + table.name + " (" + columns + ") select " + columns +
         " from jsonb_populate_record(null::" + table.name + ", " + parts.str(0, 1) + ")";
}

// One column that people may write, set to what it is.
std::string harmless_update(pg::Blocking& admin, const Table& table, const std::string& account) {
  const pg::Rows column =
      admin
          .run("select quote_ident(a.attname) from pg_attribute a where a.attrelid = '" +
               table.name +
               "'::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and "
               "a.attidentity = '' order by "
               "has_column_privilege('authenticated', a.attrelid, a.attnum, 'update') desc, "
               "a.attnum limit 1")
          .or_raise();
  const std::string name = column.str(0, 0);
  return "with u as (update " + table.name + " set " + name + " = " + name + " where " +
         table.account_column + " = " + quoted(account) + " returning 1) select count(*) from u";
}

void check(pg::Blocking& session, const Table& table, const Persona& persona,
           const std::string& verb, const std::string& sql, Report& report) {
  if (sql.empty()) return;
  const std::string subject = table.name + " " + verb;
  report.tried(subject, persona.name);
  const std::string found = as_persona(session, persona, sql);
  if (found == "-" || found == "0") return;
  report.hole(subject, persona.name, "rows of another account are within reach (" + found + ")");
}

}  // namespace

void verify_tables(const World& world, Report& report) {
  pg::Blocking admin = pg::Blocking::open(world.admin).or_raise();
  pg::Blocking session = pg::Blocking::open(world.authenticator).or_raise();
  for (const std::string& entry : world.tenant_tables) {
    const size_t space = entry.find(' ');
    const Table table{entry.substr(0, space), entry.substr(space + 1)};
    for (const char victim : {'a', 'b'}) {
      const std::string account = world.id("accounts", victim);
      const std::string where = " where " + table.account_column + " = " + quoted(account);
      const std::string rows =
          admin.run("select count(*) from " + table.name + where).or_raise().str(0, 0);
      if (rows == "0") {
        report.hole(table.name, "anybody",
                    "has no row to look for; give it one in "
                    "sql/isolation/world.sql");
        continue;
      }
      const std::string insert = copied_row(admin, table, account);
      const std::string update = harmless_update(admin, table, account);
      for (const Persona& persona : world.personas) {
        if (persona.db_role.empty() || persona.account == victim) continue;
        // A column that everybody who may read at all may read.
        check(session, table, persona, "select",
              "select count(" + table.account_column + ") from " + table.name + where, report);
        check(session, table, persona, "insert",
              insert.empty() ? "" : "with i as (" + insert + " returning 1) select count(*) from i",
              report);
        check(session, table, persona, "update", update, report);
        check(session, table, persona, "delete",
              "with d as (delete from " + table.name + where +
                  " returning 1) select count(*) from "
                  "d",
              report);
      }
    }
  }
}

}  // namespace chatpad::isolation
