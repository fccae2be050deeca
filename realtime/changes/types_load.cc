#include <algorithm>
#include <charconv>

#include "realtime/changes/table.h"
#include "realtime/protocol/json_slice.h"

namespace chatpad::realtime {
namespace {

// Every type with what it is made of: elements, base types of domains, fields of composites.
constexpr pg::Statement kTypes = {"changes_types", R"(
with recursive t(oid, depth) as (
  select o.oid, 0 from unnest($1::oid[]) as o(oid)
  union
  select x.oid, t.depth + 1
  from t
  join pg_catalog.pg_type y on y.oid = t.oid
  cross join lateral (
    select y.typelem as oid where y.typcategory = 'A'
    union all select y.typbasetype
    union all select a.atttypid from pg_catalog.pg_attribute a
      where y.typtype = 'c' and a.attrelid = y.typrelid and a.attnum > 0 and not a.attisdropped
  ) x
  where x.oid <> 0 and t.depth < 8
)
select y.oid, y.typname, pg_catalog.format_type(y.oid, null), y.typtype, y.typcategory,
  case when y.typcategory = 'A' and y.typlen = -1 then y.typelem else 0 end, y.typbasetype,
  coalesce(e.typdelim, ','),
  (select pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, a.atttypid::text)
     order by a.attnum)
   from pg_catalog.pg_attribute a
   where y.typtype = 'c' and a.attrelid = y.typrelid and a.attnum > 0 and not a.attisdropped)
from (select distinct oid from t) d
join pg_catalog.pg_type y on y.oid = d.oid
left join pg_catalog.pg_type e on e.oid = y.typelem)"};

struct Row {
  std::string name, sql, fields;
  char typtype = 'b', category = 'U', delimiter = ',';
  uint32_t element = 0, base = 0;
};
using RowMap = std::unordered_map<uint32_t, Row>;

TypeRef build(const RowMap& rows, uint32_t oid, int depth) {
  auto type = std::make_shared<ColumnType>();
  type->oid = oid;
  const auto found = rows.find(oid);
  if (found == rows.end()) return type;
  const Row& row = found->second;
  type->name = row.name;
  type->sql = row.sql;
  if (depth == 0) return type;
  if (row.base != 0) {
    const TypeRef base = build(rows, row.base, depth - 1);
    ColumnType named = *base;
    named.oid = oid;
    named.name = row.name;
    named.sql = row.sql;
    return std::make_shared<const ColumnType>(std::move(named));
  }
  type->kind = type_kind(oid, row.typtype, row.category);
  type->delimiter = row.delimiter;
  if (type->kind == TypeKind::array) {
    if (row.element == 0) {
      type->kind = TypeKind::other;
    } else {
      type->element = build(rows, row.element, depth - 1);
    }
  }
  if (type->kind == TypeKind::composite) {
    JsonItems fields(row.fields);
    while (fields.next()) {
      JsonItems pair(fields.value());
      pair.next();
      std::string name = json_text(pair.value()).value_or(std::string());
      pair.next();
      const std::string number = json_text(pair.value()).value_or(std::string());
      uint32_t of = 0;
      std::from_chars(number.data(), number.data() + number.size(), of);
      type->fields.emplace_back(std::move(name), build(rows, of, depth - 1));
    }
  }
  return type;
}

}  // namespace

Task<std::unordered_map<uint32_t, TypeRef>> load_types(pg::Pool* pool, std::vector<uint32_t> oids) {
  std::string list = "{";
  for (const uint32_t oid : oids) list += (list.size() > 1 ? "," : "") + std::to_string(oid);
  list += "}";
  pg::Claims nobody;
  nobody.role = pg::Role::none;
  pg::Params params(list);
  const pg::Rows found = co_await pool->once(nobody, kTypes, params);
  RowMap rows;
  for (int i = 0; i < found.size(); ++i) {
    Row row;
    row.name = found.str(i, 1);
    row.sql = found.str(i, 2);
    row.typtype = found.text(i, 3).empty() ? 'b' : found.text(i, 3)[0];
    row.category = found.text(i, 4).empty() ? 'U' : found.text(i, 4)[0];
    row.element = static_cast<uint32_t>(found.integer(i, 5));
    row.base = static_cast<uint32_t>(found.integer(i, 6));
    row.delimiter = found.text(i, 7).empty() ? ',' : found.text(i, 7)[0];
    row.fields = found.str(i, 8);
    rows.emplace(static_cast<uint32_t>(found.integer(i, 0)), std::move(row));
  }
  std::unordered_map<uint32_t, TypeRef> types;
  for (const uint32_t oid : oids) types.emplace(oid, build(rows, oid, kTypeDepthMax));
  co_return types;
}

}  // namespace chatpad::realtime
