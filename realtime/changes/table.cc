#include "realtime/changes/table.h"

#include <algorithm>
#include <atomic>

namespace chatpad::realtime {
namespace {

// One row per live column. The predicate of deleted rows is the table's own policies for SELECT, as
// the catalogue words them, with the role each is for asked of the caller. Schema private lets
// nobody name its functions, so the one our policies use goes by its public name.
constexpr pg::Statement kTable = {"changes_table", R"(
select n.nspname, c.relname, quote_ident(n.nspname) || '.' || quote_ident(c.relname),
  quote_ident(c.relname), c.relrowsecurity,
  (select coalesce(string_agg(p.oid || '.' || p.xmin, ',' order by p.oid), '')
   from pg_catalog.pg_policy p where p.polrelid = c.oid),
  exists (select from pg_catalog.pg_policy p where p.polrelid = c.oid and p.polcmd in ('r', '*')
    and p.polqual::text ~ ':varattno (0|-)'),
  (select '(' || coalesce(string_agg(format('(%s and coalesce((%s), false))', r.applies, r.test),
       ' or ') filter (where p.polpermissive), 'false') || ')'
     || coalesce(string_agg(format(' and (not %s or coalesce((%s), false))', r.applies, r.test), '')
       filter (where not p.polpermissive), '')
   from pg_catalog.pg_policy p
   cross join lateral (select
     case when p.polroles = '{0}' then 'true' else (select '(' || string_agg(
         format('pg_catalog.pg_has_role(%s::oid, ''USAGE'')', o.oid), ' or ') || ')'
       from unnest(p.polroles) o(oid)) end,
     replace(coalesce(pg_catalog.pg_get_expr(p.polqual, p.polrelid), 'true'),
       case c.relowner when 'chatpad_owner'::regrole then 'private.account_ids()' else '' end,
       'realtime.account_ids()')) r(applies, test)
   where p.polrelid = c.oid and p.polcmd in ('r', '*')),
  a.attname, quote_ident(a.attname), a.attnum, a.atttypid,
  coalesce(array_position(i.indkey::int2[], a.attnum), -1),
  exists (select from pg_catalog.pg_depend d join pg_catalog.pg_policy p
      on d.classid = 'pg_catalog.pg_policy'::regclass and d.objid = p.oid
    where d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = c.oid
      and d.refobjsubid = a.attnum and p.polrelid = c.oid and p.polcmd in ('r', '*'))
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_catalog.pg_index i on i.indrelid = c.oid and i.indisprimary
where c.oid = $1::oid
order by a.attnum)"};

// Parameters of a check; a table whose key and policies read more columns gives no changes.
constexpr size_t kCheckColumnsMax = 60;

struct CatalogColumn {
  std::string name, quoted;
  int number = 0;
  uint32_t type_oid = 0;
  int64_t key_place = -1;
  bool in_policy = false;
};

struct Catalog {
  std::string quoted_table, alias, delete_test;
  bool whole_row = false;
  std::vector<CatalogColumn> columns;

  const CatalogColumn* find(std::string_view name) const {
    for (const CatalogColumn& column : columns) {
      if (column.name == name) return &column;
    }
    return nullptr;
  }
};

// Arrays cannot hold arrays, and some types have no equality.
Passing passing_of(const ColumnType& type) {
  switch (type.kind) {
    case TypeKind::json:
      return type.name == "jsonb" ? Passing::typed : Passing::as_text;
    case TypeKind::array:
    case TypeKind::composite:
    case TypeKind::other:
      return Passing::as_text;
    default:
      return Passing::typed;
  }
}

// The first `nested` columns bring an array literal in each element.
std::string unnest(const std::vector<PassedColumn>& columns, size_t nested, const Table& table) {
  // Unqualified: only so may it take several arrays.
  if (columns.empty()) return "unnest($1::text[]) with ordinality k(c0, i)";
  std::string out = "unnest(";
  std::string names;
  for (size_t i = 0; i < columns.size(); ++i) {
    const ColumnType& type =
        *table.columns[static_cast<size_t>(table.column(columns[i].name))].type;
    const bool typed = i >= nested && columns[i].passing == Passing::typed;
    out += (i > 0 ? ", $" : "$") + std::to_string(i + 1) + "::";
    out += (typed ? type.sql : std::string("text")) + "[]";
    names += "c" + std::to_string(i) + ", ";
  }
  return out + ") with ordinality k(" + names + "i)";
}

// A row that is visible now proves the change visible as long as every column that policies read
// still has the value it had in the change. Rows that are alike in those columns come together, and
// the first that is found visible proves all of them; the rest of their keys comes as an array
// each. OFFSET keeps the planner from reading the table any other way than by its key.
bool make_visible_sql(Table& table, const Catalog& catalog) {
  const auto is_read = [&table](int place) {
    const auto& read = table.policy_columns;
    return std::find(read.begin(), read.end(), place) != read.end();
  };
  std::string match, arrays, names;
  const auto add = [&](int place, bool key) {
    const TableColumn& column = table.columns[static_cast<size_t>(place)];
    const bool of_row = key && !is_read(place);
    const std::string name = "c" + std::to_string(table.visible_in.size());
    const PassedColumn passed{column.name, passing_of(*column.type)};
    const bool as_text = passed.passing == Passing::as_text;
    table.visible_in.push_back(passed);
    if (of_row) {
      ++table.row_columns;
      arrays += (names.empty() ? "k." : ", k.") + name + "::";
      arrays += (as_text ? std::string("text") : column.type->sql) + "[]";
      names += (names.empty() ? "" : ", ") + name;
    }
    const std::string value = (of_row ? "q." : "k.") + name;
    const std::string quoted = "r." + catalog.find(column.name)->quoted;
    if (!match.empty()) match += " and ";
    if (key) {
      match += quoted + " = " + value;
      if (as_text) match += "::" + column.type->sql;
    } else {
      match += quoted + (as_text ? "::text" : "") + " is not distinct from " + value;
    }
  };
  for (const int place : table.key) {
    if (!is_read(place)) add(place, true);
  }
  for (const int place : table.key) {
    if (is_read(place)) add(place, true);
  }
  if (table.key.size() + table.policy_columns.size() > kCheckColumnsMax) return false;
  for (const int place : table.policy_columns) {
    if (std::find(table.key.begin(), table.key.end(), place) == table.key.end()) add(place, false);
  }
  // Without a key no row can be told from another.
  if (table.key.empty()) match = "false";
  std::string found = "exists (select from " + catalog.quoted_table + " r where " + match;
  found += table.row_columns == 0 ? ")" : " offset 0)";
  if (table.row_columns > 0) {
    found = "exists (select from unnest(" + arrays + ") q(" + names + ") where " + found + ")";
  }
  const std::string oid = std::to_string(table.id) + "::oid";
  const std::string active = "(select pg_catalog.row_security_active(" + oid + "))";
  table.visible_sql = "select pg_catalog.array_to_string(array(select k.i from " +
                      unnest(table.visible_in, table.row_columns, table) + " where not " + active +
                      " or " + found + "), ','), " + active + ", pg_catalog.pg_current_snapshot()";
  table.rights_sql =
      "select (select coalesce(string_agg(a.attnum::text, ','), '') from pg_catalog.pg_attribute a "
      "where a.attrelid = " +
      oid +
      " and a.attnum > 0 and not a.attisdropped "
      "and not pg_catalog.has_column_privilege(" +
      oid +
      ", a.attnum, 'select')), "
      "(select coalesce(string_agg(p.oid || '.' || p.xmin, ',' order by p.oid), '') "
      "from pg_catalog.pg_policy p where p.polrelid = " +
      oid + ")";
  return true;
}

void make_deleted_sql(Table& table, const Catalog& catalog) {
  if (!table.policies_known || catalog.whole_row) return;
  std::string columns = "k.i as chatpad_i";
  for (const int place : table.policy_columns) {
    const TableColumn& column = table.columns[static_cast<size_t>(place)];
    const Passing passing = passing_of(*column.type);
    columns += ", k.c" + std::to_string(table.deleted_in.size());
    if (passing == Passing::as_text) columns += "::" + column.type->sql;
    columns += " as " + catalog.find(column.name)->quoted;
    table.deleted_in.push_back(PassedColumn{column.name, passing});
  }
  table.deleted_sql = "select pg_catalog.array_to_string(array(select " + catalog.alias +
                      ".chatpad_i from (select " + columns + " from " +
                      unnest(table.deleted_in, 0, table) + ") as " + catalog.alias + " where " +
                      catalog.delete_test + "), ',')";
}

std::string next_name(std::string_view prefix, uint32_t id) {
  static std::atomic<uint64_t> made{0};
  return std::string(prefix) + std::to_string(id) + "_" + std::to_string(++made);
}

void read_catalog(const pg::Rows& rows, Table& table, Catalog& catalog) {
  table.schema = rows.str(0, 0);
  table.name = rows.str(0, 1);
  catalog.quoted_table = rows.str(0, 2);
  catalog.alias = rows.str(0, 3);
  table.rls = rows.boolean(0, 4) ? Rls::on : Rls::off;
  table.policy_version = rows.str(0, 5);
  catalog.whole_row = rows.boolean(0, 6);
  catalog.delete_test = rows.str(0, 7);
  for (int i = 0; i < rows.size(); ++i) {
    CatalogColumn column;
    column.name = rows.str(i, 8);
    column.quoted = rows.str(i, 9);
    column.number = static_cast<int>(rows.integer(i, 10));
    column.type_oid = static_cast<uint32_t>(rows.integer(i, 11));
    column.key_place = rows.integer(i, 12);
    column.in_policy = rows.boolean(i, 13);
    catalog.columns.push_back(std::move(column));
  }
}

// Columns that the log has and the table has no more (renamed or dropped meanwhile) keep number 0:
// nobody may read them.
bool place_columns(Table& table, const Catalog& catalog) {
  std::vector<std::pair<int64_t, int>> key;
  bool all_known = true;
  for (const CatalogColumn& column : catalog.columns) {
    const int place = table.column(column.name);
    if (place >= 0) table.columns[static_cast<size_t>(place)].number = column.number;
    if (column.key_place >= 0) {
      if (place < 0) return false;
      key.emplace_back(column.key_place, place);
    }
    if (!column.in_policy) continue;
    if (place < 0) {
      all_known = false;
    } else {
      table.policy_columns.push_back(place);
    }
  }
  std::sort(key.begin(), key.end());
  for (const auto& [order, place] : key) table.key.push_back(place);
  table.policies_known = all_known;
  if (all_known && !catalog.whole_row) return true;
  table.policy_columns.clear();
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].number > 0) table.policy_columns.push_back(static_cast<int>(i));
  }
  return true;
}

}  // namespace

int Table::column(std::string_view wanted) const {
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == wanted) return static_cast<int>(i);
  }
  return -1;
}

Task<TableRef> load_table(pg::Pool* pool, pg::pgoutput::Relation relation) {
  std::vector<uint32_t> oids;
  for (const auto& column : relation.columns) oids.push_back(column.type_oid);
  const std::unordered_map<uint32_t, TypeRef> types = co_await load_types(pool, oids);
  pg::Claims nobody;
  nobody.role = pg::Role::none;
  pg::Params params(std::to_string(relation.id));
  const pg::Rows rows = co_await pool->once(nobody, kTable, params);
  if (rows.empty()) raise(Errc::not_found, PublicText(), LogText("the table is gone"));
  auto table = std::make_shared<Table>();
  table->id = relation.id;
  for (const auto& column : relation.columns) {
    table->columns.push_back(TableColumn{column.name, 0, types.at(column.type_oid)});
  }
  Catalog catalog;
  read_catalog(rows, *table, catalog);
  if (!place_columns(*table, catalog)) co_return nullptr;
  if (!make_visible_sql(*table, catalog)) co_return nullptr;
  make_deleted_sql(*table, catalog);
  table->visible_name = next_name("changes_visible_", table->id);
  table->rights_name = next_name("changes_rights_", table->id);
  table->deleted_name = next_name("changes_deleted_", table->id);
  co_return table;
}

Task<TableRef> reload_table(pg::Pool* pool, TableRef table) {
  pg::pgoutput::Relation relation;
  relation.id = table->id;
  for (const TableColumn& column : table->columns) {
    pg::pgoutput::RelationColumn like;
    like.name = column.name;
    like.type_oid = column.type->oid;
    relation.columns.push_back(std::move(like));
  }
  TableRef loaded = co_await load_table(pool, relation);
  co_return loaded;
}

}  // namespace chatpad::realtime
