#include <algorithm>

#include "realtime/changes/describe.h"
#include "realtime/changes/table.h"
#include "realtime/changes/why_policies.h"

namespace chatpad::realtime {
namespace {

// $1 schema, $2 table, $3 role.
constexpr const char* kTable = R"(
select c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname), quote_ident(c.relname),
  c.relkind in ('r', 'p'), c.relreplident, c.relrowsecurity,
  r.rolbypassrls or r.rolsuper
    or (pg_has_role(r.oid, c.relowner, 'usage') and not c.relforcerowsecurity),
  has_schema_privilege(r.oid, n.oid, 'usage'), has_any_column_privilege(r.oid, c.oid, 'select'),
  (select string_agg(a.attname, ', ' order by a.attnum) from pg_catalog.pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      and has_column_privilege(r.oid, c.oid, a.attnum, 'select')),
  (select string_agg(a.attname, ', ' order by a.attnum) from pg_catalog.pg_attribute a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      and not has_column_privilege(r.oid, c.oid, a.attnum, 'select')),
  (select string_agg(distinct a.attname, ', ') from pg_catalog.pg_policy p
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_policy'::regclass
      and d.objid = p.oid and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = c.oid
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
    where p.polrelid = c.oid and p.polcmd in ('r', '*')
      and (p.polroles = '{0}' or exists (select from unnest(p.polroles) o(oid)
        where pg_has_role(r.oid, o.oid, 'usage')))
      and not exists (
      select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisprimary
        and a.attnum = any (i.indkey::int2[])))
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_roles r on r.rolname = $3
where n.nspname = $1 and c.relname = $2)";

constexpr const char* kPublished = R"(
select u.pubinsert, u.pubupdate, u.pubdelete, t.tablename is not null, t.rowfilter,
  array_to_string(t.attnames, ', ')
from pg_catalog.pg_publication u
left join pg_catalog.pg_publication_tables t
  on t.pubname = u.pubname and t.schemaname = $1 and t.tablename = $2
where u.pubname = 'supabase_realtime')";

constexpr const char* kKey = R"(
select a.attname, quote_ident(a.attname), format_type(a.atttypid, a.atttypmod)
from pg_catalog.pg_index i
cross join lateral unnest(i.indkey::int2[]) with ordinality k(number, place)
join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
where i.indrelid = $1::oid and i.indisprimary
order by k.place)";

struct Known {
  std::string oid, quoted, alias, replica_identity, role;
  bool rls = false;      // for this role
  std::string unlogged;  // columns that policies read, besides the key
  std::string key_test;
  pg::Params key_values;
};

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

// False: nothing further can be said.
bool say_published(Explanation& out, const pg::Rows& rows, const RowQuestion& question,
                   const std::string& quoted) {
  if (rows.empty() || !rows.boolean(0, 3)) {
    out.add(Said::no,
            "The table is not in publication supabase_realtime, which decides what gives "
            "changes. To add it: alter publication supabase_realtime add table " +
                quoted + ";  (A partition gives its changes as its parent.)");
    return false;
  }
  out.add(Said::yes, "The table is in publication supabase_realtime.");
  const std::string event = upper(question.event);
  constexpr const char* kEvents[] = {"INSERT", "UPDATE", "DELETE"};
  for (int i = 0; i < 3; ++i) {
    if (rows.boolean(0, i) || (event != "*" && event != kEvents[i])) continue;
    out.add(Said::no, std::string("The publication does not publish ") + kEvents[i] + ".");
    if (event != "*") return false;
  }
  if (!rows.is_null(0, 4)) {
    out.add(Said::note,
            "The publication has a row filter: rows for which it is not true never "
            "come. It is " +
                rows.str(0, 4) + ".");
  }
  return true;
}

bool say_rights(Explanation& out, const pg::Rows& table, Known& known) {
  known.oid = table.str(0, 0);
  known.quoted = table.str(0, 1);
  known.alias = table.str(0, 2);
  known.replica_identity = table.str(0, 4);
  known.rls = table.boolean(0, 5) && !table.boolean(0, 6);
  known.unlogged = table.str(0, 11);
  if (!table.boolean(0, 7)) {
    out.add(Said::no, "Role " + known.role +
                          " may not use the table's schema. To allow it: grant "
                          "usage on schema ... to " +
                          known.role + ";");
    return false;
  }
  if (!table.boolean(0, 8)) {
    out.add(Said::no, "Role " + known.role +
                          " has no SELECT on the table. To allow it: grant "
                          "select on " +
                          known.quoted + " to " + known.role + ";");
    return false;
  }
  if (table.is_null(0, 10)) {
    out.add(Said::yes, "Role " + known.role + " may select every column.");
  } else {
    out.add(Said::note, "Role " + known.role + " may select " + table.str(0, 9) +
                            "; its changes have no " + table.str(0, 10) + ".");
  }
  if (known.rls) {
    out.add(Said::note, "Row level security is on: policies decide for every row.");
  } else if (table.boolean(0, 5)) {
    out.add(Said::yes, "Row level security is on, and role " + known.role + " passes it.");
  } else {
    out.add(Said::yes, "Row level security is off: every row is for everybody who may select.");
  }
  return true;
}

void say_identity(Explanation& out, const Known& known, const RowQuestion& question) {
  const std::string event = upper(question.event);
  const bool full = known.replica_identity == "f";
  if (event == "INSERT") return;
  if (full) {
    out.add(Said::yes, "Replica identity is full: the log has old rows as a whole.");
  } else if (known.replica_identity == "n") {
    out.add(Said::note, "Replica identity is nothing: the log has no old values.");
  } else {
    out.add(Said::note, "Replica identity is the key: old_record has the key alone.");
  }
  if (!known.rls || full || (event != "DELETE" && event != "*")) return;
  if (known.unlogged.empty()) {
    out.add(Said::yes, "A DELETE can be told: the policies read nothing but the key.");
    return;
  }
  out.add(event == "DELETE" ? Said::no : Said::note,
          "A DELETE is told only to whom the policies let see the deleted row, and they read " +
              known.unlogged + ", of which the log has no old value. To change that: alter table " +
              known.quoted + " replica identity full;");
}

// "7", or "tenant=3" and "id=7", to a condition over the columns of the key.
bool read_key(Explanation& out, const pg::Rows& key, const RowQuestion& question, Known& known) {
  const int columns = key.size();
  for (int i = 0; i < columns; ++i) {
    const std::string prefix = key.str(i, 0) + "=";
    std::string value;
    bool given = false;
    for (const std::string& part : question.row) {
      const bool named = part.starts_with(prefix);
      if (!named && (columns > 1 || question.row.size() > 1)) continue;
      value = named ? part.substr(prefix.size()) : part;
      given = true;
    }
    if (!given) {
      out.add(Said::no, "The key has column " + key.str(i, 0) + ": give --row " + prefix + "...");
      return false;
    }
    if (i > 0) known.key_test += " and ";
    known.key_test += "chatpad_row." + key.str(i, 1) + " = $" + std::to_string(i + 1) +
                      "::text::" + key.str(i, 2);
    known.key_values.add(value);
  }
  return true;
}

// The row as text, read past the policies. Empty: there is none. `told` false: it cannot be known.
Task<std::string> read_row(WhyDatabase database, Known known, bool* told) {
  const std::string sql = "select (chatpad_row.*)::text from " + known.quoted +
                          " as chatpad_row where " + known.key_test;
  pg::Claims nobody;
  nobody.role = pg::Role::none;
  const pg::Claims service = pg::service_claims();
  for (int i = 0; i < 2; ++i) {
    pg::Pool* const pool = i == 0 ? database.service : database.admin;
    const pg::Claims claims = i == 0 ? service : nobody;
    try {
      const pg::Rows rows = co_await ask_as(pool, claims, sql, known.key_values);
      *told = true;
      if (!rows.empty()) co_return rows.str(0, 0);
    } catch (const Raised& raised) {
      if (raised.error().errc != Errc::forbidden) throw;
    }
  }
  co_return "";
}

Task<bool> sees_row(WhyDatabase database, pg::Claims claims, Known known, std::string* problem) {
  const std::string sql = "select from " + known.quoted + " as chatpad_row where " + known.key_test;
  pg::Pool* const pool =
      claims.role == pg::Role::service_role ? database.service : database.callers;
  bool sees = false;
  try {
    const pg::Rows rows = co_await ask_as(pool, claims, sql, known.key_values);
    sees = !rows.empty();
  } catch (const Raised& raised) {
    *problem = raised.error().cause.value;
  }
  co_return sees;
}

Task<void> judge_filter(WhyDatabase database, Known known, RowQuestion question, pg::Claims claims,
                        std::vector<Condition> conditions, Explanation* out) {
  for (const Condition& one : conditions) {
    const Condition condition = one;
    pg::Params params(condition.column, known.oid);
    const pg::Rows column =
        co_await ask_as(database.callers, claims,
                        "select quote_ident(a.attname), a.atttypid from pg_catalog.pg_attribute a "
                        "where a.attname = $1 and a.attrelid = $2::oid",
                        params);
    std::vector<uint32_t> oids;
    oids.push_back(static_cast<uint32_t>(column.integer(0, 1)));
    const std::unordered_map<uint32_t, TypeRef> types = co_await load_types(database.callers, oids);
    const TypeRef type = types.at(oids.front());
    const std::string sql = "select chatpad_row." + column.str(0, 0) + "::text from " +
                            known.quoted + " as chatpad_row where " + known.key_test;
    const pg::Rows value = co_await ask_as(database.callers, claims, sql, known.key_values);
    if (value.empty()) co_return;
    std::optional<std::string_view> text;
    if (!value.is_null(0, 0)) text = value.text(0, 0);
    const Answer answer = matches(condition, *type, text);
    const std::string said = "The filter on " + condition.column + " (" + question.filter + ")";
    if (answer == Answer::yes) out->add(Said::yes, said + " fits the row as it is now.");
    if (answer == Answer::no) out->add(Said::no, said + " does not fit the row as it is now.");
    if (answer == Answer::ask) out->add(Said::note, said + " is for PostgreSQL to answer.");
  }
}

void conclude(Explanation& out, std::string otherwise) {
  for (const Finding& finding : out.findings) {
    if (finding.said != Said::no) continue;
    out.verdict = finding.sentence;
    return;
  }
  out.sees = true;
  out.verdict = std::move(otherwise);
}

constexpr const char* kSeesRow =
    "Nothing keeps this row's changes from the subscriber. One that was committed before its join "
    "was answered does not come, and none comes when the row had other values then, or was changed "
    "again at once: look whether it was told of a gap.";
constexpr const char* kSeesTable = "The subscription works; name a row with --row to ask about it.";

// What is left to ask when the subscription itself is fine.
Task<void> explain_one_row(WhyDatabase database, pg::Claims claims, RowQuestion question,
                           Known known, std::vector<Condition> conditions, Explanation* out) {
  const std::string role = known.role;
  PolicyRow row;
  std::string problem;
  bool told = false;
  bool sees = false;
  if (!question.row.empty()) {
    const std::string text = co_await read_row(database, known, &told);
    row.value = text;
    if (text.empty()) {
      out->add(told ? Said::no : Said::note,
               told ? "There is no row with this key now: nothing tells a row that was never there "
                      "from one that was deleted."
                    : "Neither the service role nor the administrator may read the table.");
    } else {
      out->add(Said::yes, "The row is there.");
      row.from = "pg_catalog.unnest(array[$1::text::" + known.quoted + "]) as " + known.alias;
    }
    const bool visible = co_await sees_row(database, claims, known, &problem);
    sees = visible;
  }
  pg::Pool* const pool = database.callers;
  if (known.rls) {
    std::vector<PolicyFinding> policies =
        co_await evaluate_policies(pool, claims, known.oid, Command::select, row);
    out->policies = std::move(policies);
  }
  if (row.from.empty()) co_return;
  if (sees) {
    out->add(Said::yes, "Role " + role + " with these claims can select the row.");
    co_await judge_filter(database, known, question, claims, conditions, out);
    co_return;
  }
  const std::string objection = objection_of(out->policies, role);
  if (!problem.empty()) {
    out->add(Said::no, "Selecting the row raises: " + problem +
                           ". The subscriber loses its changes with RlsPolicyError. " + objection);
  } else {
    out->add(Said::no, objection.empty() ? "The row cannot be selected under these claims, "
                                           "although every policy says yes by itself."
                                         : objection);
  }
}

}  // namespace

Task<Explanation> explain_row(WhyDatabase database, pg::Claims claims, RowQuestion question) {
  Explanation out;
  Known known;
  known.role = pg::role_name(claims.role);
  pg::Claims nobody;
  nobody.role = pg::Role::none;
  pg::Params named(question.schema, question.table, known.role);
  const pg::Rows table = co_await ask_as(database.callers, nobody, kTable, named);
  if (table.empty() || !table.boolean(0, 3)) {
    out.add(Said::no, "There is no table " + question.schema + "." + question.table + ".");
    conclude(out, "");
    co_return out;
  }
  pg::Params names(question.schema, question.table);
  const pg::Rows published = co_await ask_as(database.callers, nobody, kPublished, names);
  bool goes_on = say_published(out, published, question, table.str(0, 1));
  goes_on = say_rights(out, table, known) && goes_on;
  say_identity(out, known, question);
  pg::Params oid(known.oid);
  const pg::Rows key = co_await ask_as(database.callers, nobody, kKey, oid);
  if (key.empty()) {
    out.add(known.rls ? Said::no : Said::note,
            "The table has no primary key: its rows cannot be told apart, and with row level "
            "security none is shown.");
    goes_on = false;
  } else if (!question.row.empty()) {
    goes_on = read_key(out, key, question, known) && goes_on;
  }
  ChangeRequest request;
  request.event = question.event;
  request.schema = question.schema;
  request.table = question.table;
  request.filter = question.filter;
  pg::Pool* const pool =
      claims.role == pg::Role::service_role ? database.service : database.callers;
  const Described described = co_await describe_request(pool, claims, request);
  if (!described.refusal.empty()) out.add(Said::no, described.refusal);
  if (goes_on && described.refusal.empty()) {
    co_await explain_one_row(database, claims, question, known, described.spec.conditions, &out);
  }
  conclude(out, question.row.empty() ? kSeesTable : kSeesRow);
  co_return out;
}

}  // namespace chatpad::realtime
