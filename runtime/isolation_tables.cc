// Row level security by itself, without an endpoint in front: every tenant table, every verb, as
// every persona, under the login that requests have.
#include <algorithm>

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
// everything in it is right, so that nothing but a grant or a policy can refuse it. Where people
// may set none, all of them.
std::string copied_row(pg::Blocking& admin, const Table& table, const std::string& account) {
  const pg::Rows parts =
      admin
          .run(
              "select coalesce(string_agg(quote_ident(a.attname), ', ') filter (where "
              "has_column_privilege('authenticated', a.attrelid, a.attnum, 'insert')), "
              "string_agg(quote_ident(a.attname), ', ')), quote_literal((select to_jsonb(t) from " +
              table.name + " t where " + table.account_column + " = " + quoted(account) +
              " limit 1)) from pg_attribute a where a.attrelid = '" + table.name +
              "'::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and "
              "a.attidentity = ''")
          .or_raise();
  const std::string columns = parts.str(0, 0);
  return "insert into " + table.name + " (" + columns + ") select " + columns +
         " from jsonb_populate_record(null::" + table.name + ", " + parts.str(0, 1) + ")";
}

// One column that people may write, and a literal of what the account has there.
struct Writable {
  std::string column;
  std::string value;
};

Writable writable(pg::Blocking& admin, const Table& table, const std::string& account) {
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
  const pg::Rows value =
      admin
          .run("select quote_nullable(" + name + "::text) from " + table.name + " where " +
               table.account_column + " = " + quoted(account) + " limit 1")
          .or_raise();
  return {name, value.str(0, 0)};
}

std::string counted(const std::string& statement) {
  return "with x as (" + statement + " returning 1) select count(*) from x";
}

struct Subject {
  std::string name;  // "public.agents update"
  const Persona& persona;
};

void check(pg::Blocking& session, const Subject& subject, const std::string& sql, Report& report) {
  report.tried(subject.name, subject.persona.name);
  const std::string found = as_persona(session, subject.persona, sql);
  if (found == "-" || found == "0") return;
  report.hole(subject.name, subject.persona.name,
              "rows of another account are within reach (" + found + ")");
}

// What nobody adds to, changes or removes but the program's own functions, not even with the
// service key: what was said and done stays as it was.
constexpr std::string_view kKept[] = {"public.messages",      "public.conversation_takeovers",
                                      "public.audit_logs",    "public.security_logs",
                                      "public.usage_metrics", "public.knowledge_chunks"};
// What a super admin writes and an owner only reads: what the operator has agreed with an account.
constexpr std::string_view kAgreed[] = {"public.plan_overrides", "public.realtime_limits"};

bool has_reached(const std::string& found) { return found != "-" && found != "0"; }

// A statement on rows of account b, as the platform's own: a super admin reaches what b's owner
// does, and what was agreed with b; the service key what its grants say. Neither reaches what is
// kept.
void check_platform(pg::Blocking& session, pg::Blocking& service, const World& world,
                    const std::string& table, const char* verb, const std::string& sql,
                    Report& report) {
  const std::string subject = table + " " + verb;
  const bool writes = std::string_view(verb) != "select";
  const auto owner = std::find_if(
      world.personas.begin(), world.personas.end(),
      [](const Persona& persona) { return persona.name == "owner" && persona.account == 'b'; });
  const bool by_owner = has_reached(as_persona(session, *owner, sql));
  for (const Persona& persona : world.platform) {
    const bool is_service = persona.db_role == "service_role";
    report.tried(subject, persona.name);
    const bool reached = has_reached(as_persona(is_service ? service : session, persona, sql));
    if (reached) report.may(subject, persona.name);
    if (reached && writes && is_in(kKept, table)) {
      report.hole(subject, persona.name, "what is kept can be changed");
    }
    if (is_service && !reached && !writes) {
      report.hole(subject, persona.name, "the service does not see every account");
    }
    if (is_service || reached == (by_owner || is_in(kAgreed, table))) continue;
    report.hole(subject, persona.name,
                reached ? "reaches what the owner does not" : "is refused what the owner may");
  }
}

// A statement that reads no column is not held by the policy of select: it takes every row that the
// policy of its own verb gives, and must not take more than there are beside the other account's.
// That it breaks a key or a check on the way tells nothing.
void check_blind(pg::Blocking& session, const Subject& subject, const std::string& sql,
                 int64_t beside, Report& report) {
  report.tried(subject.name, subject.persona.name);
  const std::string found = as_persona(session, subject.persona, sql);
  if (found == "-" || found.starts_with("23")) return;
  const bool number = found.find_first_not_of("0123456789") == std::string::npos;
  if (number && std::stoll(found) <= beside) return;
  report.hole(subject.name, subject.persona.name,
              "rows of another account are within reach of a statement without a condition (" +
                  found + ")");
}

}  // namespace

void verify_tables(const World& world, Report& report) {
  pg::Blocking admin = pg::Blocking::open(world.admin).or_raise();
  pg::Blocking session = pg::Blocking::open(world.authenticator).or_raise();
  pg::Blocking service = pg::Blocking::open(world.service).or_raise();
  for (const std::string& entry : world.tenant_tables) {
    const size_t space = entry.find(' ');
    const Table table{entry.substr(0, space), entry.substr(space + 1)};
    for (const char victim : {'a', 'b'}) {
      const std::string account = world.id("accounts", victim);
      const std::string where = " where " + table.account_column + " = " + quoted(account);
      const pg::Rows rows =
          admin.run("select count(*) filter (" + where.substr(1) + "), count(*) from " + table.name)
              .or_raise();
      if (rows.str(0, 0) == "0") {
        report.hole(table.name, "anybody",
                    "has no row to look for; give it one in "
                    "sql/isolation/world.sql");
        continue;
      }
      const int64_t beside = std::stoll(rows.str(0, 1)) - std::stoll(rows.str(0, 0));
      const std::string insert = copied_row(admin, table, account);
      const Writable to = writable(admin, table, account);
      const std::string update = "update " + table.name + " set " + to.column + " = ";
      const std::string remove = "delete from " + table.name;
      // A column that everybody who may read at all may read.
      const std::string select =
          "select count(" + table.account_column + ") from " + table.name + where;
      const std::string insert_counted = counted(insert);
      const std::string update_own = counted(update + to.column + where);
      const std::string remove_own = counted(remove + where);
      if (victim == 'b') {
        const auto platform = [&](const char* verb, const std::string& sql) {
          check_platform(session, service, world, table.name, verb, sql, report);
        };
        platform("select", select);
        platform("insert", insert_counted);
        platform("update", update_own);
        platform("delete", remove_own);
      }
      for (const Persona& persona : world.personas) {
        if (persona.db_role.empty() || persona.account == victim) continue;
        const auto as = [&](const char* verb) { return Subject{table.name + verb, persona}; };
        check(session, as(" select"), select, report);
        check(session, as(" insert"), insert_counted, report);
        check(session, as(" update"), update_own, report);
        check_blind(session, as(" update"), counted(update + to.value), beside, report);
        check(session, as(" delete"), remove_own, report);
        check_blind(session, as(" delete"), counted(remove), beside, report);
      }
    }
  }
}

}  // namespace chatpad::isolation
