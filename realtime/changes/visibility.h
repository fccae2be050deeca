// Visibility: what a persona may see of the changes of one table, asked of PostgreSQL under the
// persona's own role and claims.
//
// An inserted or updated row is visible when the persona can select the row with its key now, and
// the row still has, in every column that the table's policies read, the value of the change: so
// the policies' verdict on the row is their verdict on the change. A row that was changed again in
// such a column meanwhile is left to its later change, unless another row shows what the policies
// say: rows of a check that are alike in the columns that policies read share one verdict, and
// PostgreSQL is asked until one of them is found visible. A row of which such a value is missing in
// the log is never visible where row level security is active.
//
// A deleted row cannot be selected. It is visible when row level security is not active for the
// persona, or when the table's policies let a row with the old values of the columns they read
// pass; the log has those values only when they are part of the replica identity. What cannot be
// proved is not delivered.
//
// The log tells of a commit a moment before it is visible to others. So a check says which
// transactions its snapshot still saw under way, and one that asked too early is asked again.
//
// Which columns the role may select, and which policies the table has, is asked behind the rows in
// the same transaction: the lock the rows' statement holds on the table keeps its policies as they
// were.
//
// check_together() asks for several personas of one role in one flight. It is for the usual case:
// when one of them raises, or their policies take longer than kTogetherTimeoutMs, it raises, and
// each has to be asked alone. It proves no deleted rows. Errors (raised): what the pool raises; a
// policy that raises is Errc::internal and its like, a missing privilege Errc::forbidden.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "realtime/changes/change_batch.h"
#include "realtime/changes/filter.h"
#include "runtime/coro/task.h"
#include "runtime/pg/pool.h"

namespace chatpad::realtime {

// pg_current_snapshot() as text, for transaction ids of 32 bits.
class SeenBy {
 public:
  SeenBy() = default;
  explicit SeenBy(std::string_view snapshot);
  bool has_finished(uint32_t xid) const;

 private:
  uint32_t end_ = 0;  // the first id that was not given out yet
  std::vector<uint32_t> running_;
};

struct Verdict {
  SeenBy seen_by;
  bool rls_active = true;
  std::vector<bool> columns;          // by place: the role may select it
  std::vector<bool> visible;          // of the rows that came in
  std::vector<bool> deleted_visible;  // of the deleted ones
  std::string policy_version;
};

// The rows of a check as its statement takes them. Those with the same policy values are a group.
struct CheckRows {
  static constexpr uint32_t kUnproved = UINT32_MAX;  // a value that policies read is missing

  std::shared_ptr<const pg::Params> params;
  std::vector<uint32_t> group_of;  // by row
  size_t groups = 0;
};

// Puts CheckRows together; built before anything is awaited. Of `columns`, `row_columns` come first
// and may differ between the rows of a group.
class CheckInput {
 public:
  CheckInput(const std::vector<PassedColumn>& columns, size_t row_columns, const Table& table);
  void add(const ChangeBatch& batch, uint32_t row);
  size_t rows() const { return group_of_.size(); }
  std::shared_ptr<const CheckRows> done() const;

 private:
  std::vector<int> places_;
  size_t row_columns_;
  std::unordered_map<std::string, uint32_t> groups_;  // by their values
  std::vector<std::string> rows_;                     // of each group its row columns' arrays
  std::vector<std::string> literals_;                 // of the other columns, an element a group
  std::vector<uint32_t> group_of_;
  std::string values_;  // of a row, while it is being added
};

constexpr uint32_t kCheckTimeoutMs =
    3000;  // policies that take longer cost the persona its changes

constexpr uint32_t kTogetherTimeoutMs = 500;  // of each in a check for several

// One persona's part of a check for several.
struct PersonaAsk {
  pg::Claims claims;
  std::shared_ptr<const CheckRows> rows;
  size_t deleted = 0;
};
// One verdict for each; `asks` has kAsksMax - 1 at most, of one role.
Task<std::vector<Verdict>> check_together(pg::Pool* pool, TableRef table,
                                          std::vector<PersonaAsk> asks);
Task<Verdict> check_rows(pg::Pool* pool, pg::Claims claims, TableRef table, CheckInput rows,
                         CheckInput deleted);
// May the role read the table's key at all? For a check that was forbidden.
Task<bool> may_read_key(pg::Pool* pool, pg::Claims claims, TableRef table);
// Of `values`, which ones the bare comparison of `condition` holds for.
Task<std::vector<bool>> ask_condition(pg::Pool* pool, pg::Claims claims, Condition condition,
                                      TypeRef type, std::vector<std::string> values);

// {"a",NULL}: appends one element.
void append_array_element(std::string& literal, std::string_view text);

}  // namespace chatpad::realtime
