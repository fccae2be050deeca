#include "realtime/changes/describe.h"

#include <algorithm>

#include "realtime/changes/visibility.h"

namespace chatpad::realtime {
namespace {

// Columns of the published tables that fit; the first table is enough to check a request with a
// filter, which names one table.
constexpr pg::Statement kDescribe = {"changes_describe", R"(
select n.nspname, c.relname, a.attname, a.atttypid, a.attgenerated <> '',
  has_schema_privilege(n.oid, 'usage') and has_column_privilege(c.oid, a.attnum, 'select'),
  coalesce(a.attnum = any (i.indkey::int2[]), false), c.relrowsecurity
from pg_catalog.pg_publication u
cross join lateral pg_catalog.pg_get_publication_tables(u.pubname::text) p
join pg_catalog.pg_class c on c.oid = p.relid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_catalog.pg_index i on i.indrelid = c.oid and i.indisprimary
where u.pubname = 'supabase_realtime'
  and ($1::text = '*' or n.nspname = $1::text) and ($2::text = '*' or c.relname = $2::text)
order by c.oid, a.attnum limit 1664)"};

constexpr pg::Statement kTryPattern = {"changes_try_pattern", "select '' ~ $1::text"};

std::string refusal_of(const ChangeRequest& request, std::string_view why) {
  std::string text = "Unable to subscribe to changes with given parameters. ";
  text += why.empty() ? "Please check Realtime is enabled for the given connect parameters" : why;
  text += ": [event: " + request.event + ", schema: " + request.schema +
          ", table: " + request.table + ", filter: " + request.filter + "]";
  return text;
}

bool read_event(const std::string& event, std::optional<ChangeType>& type) {
  std::string upper = event;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  if (upper == "*") return true;
  if (upper == "INSERT") type = ChangeType::insert;
  if (upper == "UPDATE") type = ChangeType::update;
  if (upper == "DELETE") type = ChangeType::remove;
  return type.has_value();
}

struct Column {
  uint32_t type_oid = 0;
  bool generated = false, readable = false;
};

// What a request's columns must be; empty when they are.
std::string check_columns(const WatchSpec& spec, const pg::Rows& rows,
                          std::unordered_map<std::string, Column>& columns) {
  bool key_readable = true;
  for (int i = 0; i < rows.size(); ++i) {
    if (rows.text(i, 0) != rows.text(0, 0) || rows.text(i, 1) != rows.text(0, 1)) break;
    Column column;
    column.type_oid = static_cast<uint32_t>(rows.integer(i, 3));
    column.generated = rows.boolean(i, 4);
    column.readable = rows.boolean(i, 5);
    if (rows.boolean(i, 6) && !column.readable) key_readable = false;
    columns.emplace(rows.str(i, 2), column);
  }
  const bool any = spec.pattern.schema == "*" || spec.pattern.table == "*";
  if (any)
    return spec.conditions.empty() && spec.select.empty() ? "" : "No wildcard goes with them";
  if (!key_readable && rows.boolean(0, 7)) return "Your role may not select from the table";
  const auto fault = [&columns](const std::string& name) -> std::string {
    const auto found = columns.find(name);
    if (found == columns.end()) return "There is no column of this name: " + name;
    if (!found->second.readable) return "Your role may not select this column: " + name;
    return found->second.generated ? "A generated column is not in the log: " + name : "";
  };
  for (const Condition& condition : spec.conditions) {
    std::string why = fault(condition.column);
    if (!why.empty()) return why;
  }
  for (const std::string& name : spec.select) {
    std::string why = fault(name);
    if (!why.empty()) return why;
  }
  return "";
}

// The form in which the log writes values of the type.
std::string printed(const ColumnType& type) {
  const std::string value = "u.v::" + type.sql;
  if (type.kind == TypeKind::timestamptz)
    return "(" + value + " at time zone 'UTC')::text || '+00'";
  if (type.kind == TypeKind::boolean) return "case when " + value + " then 't' else 'f' end";
  return "(" + value + ")::text";
}

Task<Condition> canonical(pg::Pool* pool, pg::Claims claims, Condition condition, TypeRef type) {
  const bool pattern = condition.op == FilterOp::match || condition.op == FilterOp::imatch;
  if (pattern) {
    pg::Params expression(condition.values.front());
    const pg::Rows tried = co_await pool->once(claims, kTryPattern, expression, kCheckTimeoutMs);
    co_return condition;
  }
  if (!wants_cast(condition)) co_return condition;
  const std::string sql =
      "select " + printed(*type) + " from unnest($1::text[]) with ordinality u(v, i) order by u.i";
  const std::string name = "changes_cast_" + std::to_string(type->oid);
  std::string list = "{";
  for (const std::string& value : condition.values) append_array_element(list, value);
  pg::Params params(list + "}");
  const pg::Statement statement{name, sql};
  const pg::Rows rows = co_await pool->once(claims, statement, params, kCheckTimeoutMs);
  for (int i = 0; i < rows.size(); ++i) condition.values[static_cast<size_t>(i)] = rows.str(i, 0);
  co_return condition;
}

}  // namespace

Task<Described> describe_request(pg::Pool* pool, pg::Claims claims, ChangeRequest request) {
  Described out;
  WatchSpec& spec = out.spec;
  spec.id = request.id;
  spec.echo = request.echo;
  spec.select = request.select;
  spec.pattern.schema = request.schema.empty() ? "public" : request.schema;
  spec.pattern.table = request.table.empty() ? "*" : request.table;
  Result<std::vector<Condition>> filter = parse_filter(request.filter);
  if (!filter) out.refusal = filter.error().message.value;
  if (request.schema.empty() && request.table.empty()) {
    out.refusal = refusal_of(request, "Name a schema or a table");
  }
  if (!read_event(request.event, spec.type)) {
    out.refusal = refusal_of(request, "The event is INSERT, UPDATE, DELETE or *");
  }
  if (!out.refusal.empty()) co_return out;
  spec.conditions = std::move(*filter);
  pg::Params params(spec.pattern.schema, spec.pattern.table);
  const pg::Rows rows = co_await pool->once(claims, kDescribe, params, kCheckTimeoutMs);
  if (rows.empty()) {
    out.refusal = refusal_of(request, "");
    co_return out;
  }
  std::unordered_map<std::string, Column> columns;
  const std::string fault = check_columns(spec, rows, columns);
  if (!fault.empty()) {
    out.refusal = refusal_of(request, fault);
    co_return out;
  }
  std::vector<uint32_t> oids;
  for (const Condition& condition : spec.conditions) {
    oids.push_back(columns.at(condition.column).type_oid);
  }
  if (oids.empty()) co_return out;
  const std::unordered_map<uint32_t, TypeRef> types = co_await load_types(pool, oids);
  for (size_t i = 0; i < spec.conditions.size(); ++i) {
    const TypeRef type = types.at(oids[i]);
    const Result<void> fits = check_condition(spec.conditions[i], *type);
    if (!fits) {
      out.refusal = fits.error().message.value;
      co_return out;
    }
    const Condition condition = spec.conditions[i];
    try {
      Condition cast = co_await canonical(pool, claims, condition, type);
      spec.conditions[i] = std::move(cast);
    } catch (const Raised& raised) {
      const Errc errc = raised.error().errc;
      if (errc == Errc::database_unavailable || errc == Errc::overloaded) throw;
      out.refusal = refusal_of(request, "A value of `filter` does not fit its column");
    }
    if (!out.refusal.empty()) co_return out;
  }
  co_return out;
}

}  // namespace chatpad::realtime
