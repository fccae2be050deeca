#include "realtime/changes/visibility.h"

#include <algorithm>
#include <charconv>

namespace chatpad::realtime {
namespace {

constexpr pg::Statement kMayReadKey = {"changes_may_read_key", R"(
select has_schema_privilege(c.relnamespace, 'usage') and not exists (
  select from pg_catalog.pg_index i
  cross join lateral unnest(i.indkey::int2[]) k(n)
  where i.indrelid = c.oid and i.indisprimary and not has_column_privilege(c.oid, k.n, 'select'))
  and has_any_column_privilege(c.oid, 'select')
from pg_catalog.pg_class c where c.oid = $1::oid)"};

// "1,5,7" to the places that are named, counting from 1.
std::vector<bool> ordinals(std::string_view list, size_t size) {
  std::vector<bool> named(size, false);
  while (!list.empty()) {
    size_t number = 0;
    const size_t comma = std::min(list.find(','), list.size());
    std::from_chars(list.data(), list.data() + comma, number);
    if (number >= 1 && number <= size) named[number - 1] = true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return named;
}

std::vector<bool> readable(const Table& table, std::string_view denied) {
  const std::string list = "," + std::string(denied) + ",";
  std::vector<bool> columns;
  for (const TableColumn& column : table.columns) {
    const std::string number = "," + std::to_string(column.number) + ",";
    columns.push_back(column.number > 0 && list.find(number) == std::string::npos);
  }
  return columns;
}

// Each persona's rows, and at the end what concerns all of them.
std::vector<pg::Ask> asks_of(const Table& table, const std::vector<PersonaAsk>& personas) {
  static const auto kNoParams = std::make_shared<const pg::Params>();
  std::vector<pg::Ask> asks;
  asks.reserve(personas.size() + 1);
  for (const PersonaAsk& one : personas) {
    asks.push_back(pg::Ask{one.claims, {table.visible_name, table.visible_sql}, one.rows->params});
  }
  asks.push_back(
      pg::Ask{personas.front().claims, {table.rights_name, table.rights_sql}, kNoParams});
  return asks;
}

uint32_t low_half(std::string_view text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return static_cast<uint32_t>(number);
}

}  // namespace

// "xmin:xmax:running,running"
SeenBy::SeenBy(std::string_view snapshot) {
  const size_t first = std::min(snapshot.find(':'), snapshot.size());
  snapshot.remove_prefix(std::min(first + 1, snapshot.size()));
  const size_t second = std::min(snapshot.find(':'), snapshot.size());
  end_ = low_half(snapshot.substr(0, second));
  snapshot.remove_prefix(std::min(second + 1, snapshot.size()));
  while (!snapshot.empty()) {
    const size_t comma = std::min(snapshot.find(','), snapshot.size());
    running_.push_back(low_half(snapshot.substr(0, comma)));
    snapshot.remove_prefix(std::min(comma + 1, snapshot.size()));
  }
}

// Ids go round: the nearer way tells which one is older.
bool SeenBy::has_finished(uint32_t xid) const {
  if (static_cast<int32_t>(xid - end_) >= 0) return false;
  return std::find(running_.begin(), running_.end(), xid) == running_.end();
}

void append_array_element(std::string& literal, std::string_view text) {
  literal += literal.size() > 1 ? ",\"" : "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') literal += '\\';
    literal += c;
  }
  literal += '"';
}

static void append_value(std::string& literal, std::optional<std::string_view> value) {
  if (value) return append_array_element(literal, *value);
  literal += literal.size() > 1 ? ",NULL" : "NULL";
}

CheckInput::CheckInput(const std::vector<PassedColumn>& columns, size_t row_columns,
                       const Table& table)
    : row_columns_(row_columns) {
  for (const PassedColumn& column : columns) places_.push_back(table.column(column.name));
  literals_.resize(std::max<size_t>(columns.size(), 1), "{");
}

void CheckInput::add(const ChangeBatch& batch, uint32_t row) {
  values_.clear();
  for (size_t i = 0; i < places_.size(); ++i) {
    const Held held = batch.held(row, places_[i]);
    if (held == Held::missing) return group_of_.push_back(CheckRows::kUnproved);
    if (i < row_columns_) continue;
    const std::string_view text = held == Held::text ? batch.text(row, places_[i]) : "";
    values_ += held == Held::text ? std::to_string(text.size()) + ':' : "-";
    values_ += text;
  }
  const auto [found, is_new] = groups_.emplace(values_, static_cast<uint32_t>(groups_.size()));
  const size_t group = found->second;
  group_of_.push_back(found->second);
  if (is_new) {
    rows_.resize(rows_.size() + row_columns_, "{");
    if (places_.empty()) append_array_element(literals_[0], "");
    for (size_t i = row_columns_; i < places_.size(); ++i) {
      append_value(literals_[i], batch.value(row, places_[i]));
    }
  }
  for (size_t i = 0; i < row_columns_; ++i) {
    append_value(rows_[group * row_columns_ + i], batch.value(row, places_[i]));
  }
}

std::shared_ptr<const CheckRows> CheckInput::done() const {
  pg::Params params;
  for (size_t i = 0; i < literals_.size(); ++i) {
    std::string literal = literals_[i];
    for (size_t row = i; i < row_columns_ && row < rows_.size(); row += row_columns_) {
      append_array_element(literal, rows_[row] + "}");
    }
    params.add(literal + "}");
  }
  auto rows = std::make_shared<CheckRows>();
  rows->params = std::make_shared<const pg::Params>(std::move(params));
  rows->group_of = group_of_;
  rows->groups = groups_.size();
  return rows;
}

// What was said of groups, for each row of theirs.
static std::vector<bool> by_row(const CheckRows& rows, std::string_view passed, bool rls_active) {
  const std::vector<bool> groups = ordinals(passed, rows.groups);
  std::vector<bool> of_rows;
  of_rows.reserve(rows.group_of.size());
  for (const uint32_t group : rows.group_of) {
    of_rows.push_back(group == CheckRows::kUnproved ? !rls_active : groups[group]);
  }
  return of_rows;
}

static Verdict verdict_of(const Table& table, const PersonaAsk& asked, const pg::Rows& found,
                          const pg::Rows& rights) {
  Verdict verdict;
  verdict.rls_active = found.boolean(0, 1);
  verdict.visible = by_row(*asked.rows, found.text(0, 0), verdict.rls_active);
  verdict.seen_by = SeenBy(found.text(0, 2));
  verdict.columns = readable(table, rights.text(0, 0));
  verdict.policy_version = rights.str(0, 1);
  verdict.deleted_visible.assign(asked.deleted, !verdict.rls_active);
  return verdict;
}

Task<std::vector<Verdict>> check_together(pg::Pool* pool, TableRef table,
                                          std::vector<PersonaAsk> personas) {
  std::vector<pg::Ask> asks = asks_of(*table, personas);
  const std::vector<pg::Rows> found = co_await pool->several(std::move(asks), kTogetherTimeoutMs);
  std::vector<Verdict> verdicts;
  for (size_t i = 0; i < personas.size(); ++i) {
    verdicts.push_back(verdict_of(*table, personas[i], found[i], found.back()));
  }
  co_return verdicts;
}

Task<Verdict> check_rows(pg::Pool* pool, pg::Claims claims, TableRef table, CheckInput rows,
                         CheckInput deleted) {
  std::vector<PersonaAsk> one(1);
  one[0] = PersonaAsk{claims, rows.done(), deleted.rows()};
  std::vector<pg::Ask> asks = asks_of(*table, one);
  const std::vector<pg::Rows> found = co_await pool->several(std::move(asks), kCheckTimeoutMs);
  Verdict verdict = verdict_of(*table, one[0], found[0], found[1]);
  const bool current = verdict.policy_version == table->policy_version;
  if (!current || !verdict.rls_active || deleted.rows() == 0 || table->deleted_sql.empty()) {
    co_return verdict;
  }
  const pg::Statement proof{table->deleted_name, table->deleted_sql};
  const std::shared_ptr<const CheckRows> gone = deleted.done();
  try {
    const pg::Rows proved = co_await pool->once(claims, proof, *gone->params, kCheckTimeoutMs);
    verdict.deleted_visible = by_row(*gone, proved.text(0, 0), verdict.rls_active);
  } catch (const Raised& raised) {
    // A function whose schema the role may not name, or a value that does not cast: no proof.
    const Errc errc = raised.error().errc;
    if (errc != Errc::forbidden && errc != Errc::internal && errc != Errc::validation_failed) throw;
  }
  co_return verdict;
}

Task<bool> may_read_key(pg::Pool* pool, pg::Claims claims, TableRef table) {
  pg::Params params(std::to_string(table->id));
  const pg::Rows rows = co_await pool->once(claims, kMayReadKey, params, kCheckTimeoutMs);
  co_return rows.size() == 1 && rows.boolean(0, 0);
}

Task<std::vector<bool>> ask_condition(pg::Pool* pool, pg::Claims claims, Condition condition,
                                      TypeRef type, std::vector<std::string> values) {
  const bool pattern = !wants_cast(condition);
  const bool in = condition.op == FilterOp::in;
  const std::string right = pattern ? "$2::text"
                            : in    ? "any ($2::text[]::" + type->sql + "[])"
                                    : "$2::text::" + type->sql;
  const std::string sql =
      "select array_to_string(array(select u.i from unnest($1::text[]) with "
      "ordinality u(v, i) where u.v::" +
      type->sql + " " + std::string(filter_op_sql(condition.op)) + " " + right + "), ',')";
  const std::string name =
      "changes_ask_" + std::to_string(type->oid) + "_" + std::string(filter_op_name(condition.op));
  std::string list = "{";
  for (const std::string& value : values) append_array_element(list, value);
  std::string operand = in ? "{" : condition.values.front();
  if (in) {
    for (const std::string& value : condition.values) append_array_element(operand, value);
    operand += "}";
  }
  pg::Params params(list + "}", operand);
  const pg::Statement statement{name, sql};
  const pg::Rows rows = co_await pool->once(claims, statement, params, kCheckTimeoutMs);
  co_return ordinals(rows.text(0, 0), values.size());
}

}  // namespace chatpad::realtime
