// ChangeBatch: row changes on their way from the feed to the subscribers of every loop, in commit
// order. Immutable once shared.
//
// Its bytes count against the feed's budget (Budget) until the last loop has let go of it; the feed
// stops reading while the budget is used up, so what waits in memory is bounded however large a
// transaction is.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "realtime/changes/table.h"
#include "runtime/pg/pgoutput.h"

namespace chatpad::realtime {

enum class ChangeType : uint8_t { insert, update, remove };
std::string_view change_type_name(ChangeType type);  // INSERT UPDATE DELETE

// missing: an unchanged TOASTed value, a column outside of the replica identity, or one of a row
// over kRowBytesMax.
enum class Held : uint8_t { missing, null, text };

struct Slice {
  uint32_t offset = 0;
  uint32_t size = 0;
  Held held = Held::missing;
};

enum class RowSize : uint8_t { whole, too_large };

struct Change {
  ChangeType type = ChangeType::insert;
  RowSize size = RowSize::whole;
  TableRef table;
  int64_t commit_us = 0;
  uint32_t xid = 0;  // of its transaction
  // Where its values begin: one per column of the table. Not there: kNoRow.
  uint32_t new_row = 0;
  uint32_t old_row = 0;
};

constexpr uint32_t kNoRow = UINT32_MAX;

struct Budget {
  std::atomic<size_t> bytes{0};
};

class ChangeBatch {
 public:
  explicit ChangeBatch(std::shared_ptr<Budget> budget) : budget_(std::move(budget)) {}
  ~ChangeBatch() { budget_->bytes.fetch_sub(counted_, std::memory_order_relaxed); }
  ChangeBatch(const ChangeBatch&) = delete;
  ChangeBatch& operator=(const ChangeBatch&) = delete;

  const std::vector<Change>& changes() const { return changes_; }
  const std::vector<TableRef>& tables() const { return tables_; }
  size_t bytes() const { return text_.size() + values_.size() * sizeof(Slice); }
  Held held(uint32_t row, int column) const {
    return row == kNoRow ? Held::missing : values_[row + static_cast<uint32_t>(column)].held;
  }
  std::string_view text(uint32_t row, int column) const {
    const Slice& slice = values_[row + static_cast<uint32_t>(column)];
    return std::string_view(text_).substr(slice.offset, slice.size);
  }
  // The value of a column; nullopt for NULL and for what is missing.
  std::optional<std::string_view> value(uint32_t row, int column) const {
    if (held(row, column) != Held::text) return std::nullopt;
    return text(row, column);
  }

  // For the feed, before it is shared.
  void add(ChangeType type, const TableRef& table, const pg::pgoutput::Begin& of,
           const pg::pgoutput::Tuple* new_row, const pg::pgoutput::Tuple* old_row,
           pg::pgoutput::OldRow old_kind, const pg::pgoutput::Relation& relation);
  void count();

 private:
  uint32_t keep(const pg::pgoutput::Tuple& row, const Table& table, RowSize size);

  std::shared_ptr<Budget> budget_;
  size_t counted_ = 0;
  std::string text_;
  std::vector<Slice> values_;
  std::vector<Change> changes_;
  std::vector<TableRef> tables_;
};
using BatchRef = std::shared_ptr<const ChangeBatch>;

}  // namespace chatpad::realtime
