// Table: what the catalogue says of one published table, as far as changes need it: its key, the
// columns its policies read, and the statements that ask PostgreSQL about rights.
//
// Immutable; a new one is loaded when the log announces the table anew (its columns changed) and
// when a visibility check says that its policies changed. Loading is one coroutine on a pool that
// logs in as authenticator; it needs no rights on the table. The statements name the table by
// quoted identifiers out of the catalogue; nothing of a caller is part of them.
//
// Errors of load_table(), load_types() (raised): what the pool raises.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "realtime/changes/column_type.h"
#include "runtime/coro/task.h"
#include "runtime/pg/pgoutput.h"
#include "runtime/pg/pool.h"

namespace chatpad::realtime {

// The publication decides which tables give changes, as at Supabase.
inline constexpr std::string_view kChangesPublication = "supabase_realtime";

enum class Rls : uint8_t { off, on };

struct TableColumn {
  std::string name;
  int number = 0;  // attnum
  TypeRef type;
};

// How a value travels into a check: in an array of its own type, or as text to be cast or compared
// as text.
enum class Passing : uint8_t { typed, as_text };

struct PassedColumn {
  std::string name;
  Passing passing = Passing::typed;
};

struct Table {
  uint32_t id = 0;
  std::string schema, name;
  Rls rls = Rls::off;
  std::vector<TableColumn> columns;  // those of the log's messages, in their order
  std::vector<int> key;              // places of the primary key's columns; empty without one
  // Places of the columns that policies for SELECT read. When one of them is not in the log
  // (generated, or not published), every column is taken.
  std::vector<int> policy_columns;
  // Policies read nothing but policy_columns of the row, and all of those are in the log.
  bool policies_known = true;
  std::string policy_version;

  // Keys and policy columns in, what the role may see out; see visibility.h.
  std::string visible_sql, visible_name;
  std::vector<PassedColumn> visible_in;
  // So many of visible_in come first and are columns of the key that no policy reads: they tell
  // rows apart for which the policies say the same.
  size_t row_columns = 0;
  // Which columns the role may select and which policies there are; see visibility.h.
  std::string rights_sql, rights_name;
  // The values of policy columns of deleted rows in, which of them the policies let pass out.
  // Empty when that cannot be told.
  std::string deleted_sql, deleted_name;
  std::vector<PassedColumn> deleted_in;

  int column(std::string_view wanted) const;
};
using TableRef = std::shared_ptr<const Table>;

// Null when its key is not in the log, or key and policies read more than kCheckColumnsMax columns;
// Errc::not_found when it was dropped.
Task<TableRef> load_table(pg::Pool* pool, pg::pgoutput::Relation relation);
// The same columns, with the catalogue as it is now.
Task<TableRef> reload_table(pg::Pool* pool, TableRef table);
// Types of `oids`, with everything they are made of.
Task<std::unordered_map<uint32_t, TypeRef>> load_types(pg::Pool* pool, std::vector<uint32_t> oids);

}  // namespace chatpad::realtime
