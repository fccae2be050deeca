#include "realtime/changes/change_batch.h"

#include <algorithm>

namespace chatpad::realtime {
namespace {

using pg::pgoutput::Kind;
using pg::pgoutput::OldRow;
using pg::pgoutput::Relation;
using pg::pgoutput::Tuple;

// A larger change is announced without its large values, as Supabase does (error 413).
constexpr size_t kRowBytesMax = 1024 * 1024;
constexpr size_t kSmallValueBytesMax = 64;    // what is kept of such a row
constexpr size_t kCheckValueBytesMax = 4096;  // key and policy columns, without which no check

size_t bytes_of(const Tuple* row) {
  size_t bytes = 0;
  if (!row) return 0;
  for (const auto& value : *row) bytes += value.text.size();
  return bytes;
}

bool holds(const std::vector<int>& places, size_t place) {
  return std::find(places.begin(), places.end(), static_cast<int>(place)) != places.end();
}

}  // namespace

std::string_view change_type_name(ChangeType type) {
  if (type == ChangeType::insert) return "INSERT";
  return type == ChangeType::update ? "UPDATE" : "DELETE";
}

uint32_t ChangeBatch::keep(const Tuple& row, const Table& table, RowSize size) {
  const auto first = static_cast<uint32_t>(values_.size());
  for (size_t i = 0; i < row.size(); ++i) {
    Slice slice;
    if (row[i].kind == Kind::null) slice.held = Held::null;
    const bool checked = holds(table.key, i) || holds(table.policy_columns, i);
    const size_t bytes_max = checked ? kCheckValueBytesMax : kSmallValueBytesMax;
    if (row[i].kind == Kind::text && (size == RowSize::whole || row[i].text.size() <= bytes_max)) {
      slice.held = Held::text;
      slice.offset = static_cast<uint32_t>(text_.size());
      slice.size = static_cast<uint32_t>(row[i].text.size());
      text_ += row[i].text;
    }
    values_.push_back(slice);
  }
  return first;
}

void ChangeBatch::add(ChangeType type, const TableRef& table, const pg::pgoutput::Begin& of,
                      const Tuple* new_row, const Tuple* old_row, OldRow old_kind,
                      const Relation& relation) {
  Change change;
  change.type = type;
  change.table = table;
  change.commit_us = of.commit_us;
  change.xid = of.xid;
  if (bytes_of(new_row) + bytes_of(old_row) > kRowBytesMax) change.size = RowSize::too_large;
  change.new_row = new_row ? keep(*new_row, *table, change.size) : kNoRow;
  change.old_row = old_row ? keep(*old_row, *table, change.size) : kNoRow;
  if (change.old_row != kNoRow && old_kind == OldRow::key) {
    // The log fills what is no part of the identity with NULL.
    for (size_t i = 0; i < relation.columns.size(); ++i) {
      if (relation.columns[i].key == pg::pgoutput::KeyPart::no) {
        values_[change.old_row + i].held = Held::missing;
      }
    }
  }
  if (type == ChangeType::update) {
    const size_t width = table->columns.size();
    if (change.old_row == kNoRow) {
      // The log leaves the old key out when it did not change.
      change.old_row = static_cast<uint32_t>(values_.size());
      for (size_t i = 0; i < width; ++i) {
        const bool in_identity = relation.columns[i].key == pg::pgoutput::KeyPart::yes;
        values_.push_back(in_identity ? values_[change.new_row + i] : Slice());
      }
    }
    for (size_t i = 0; i < width; ++i) {
      Slice& now = values_[change.new_row + i];
      if ((*new_row)[i].kind == Kind::unchanged) now = values_[change.old_row + i];
    }
  }
  changes_.push_back(std::move(change));
  if (std::find(tables_.begin(), tables_.end(), table) == tables_.end()) tables_.push_back(table);
}

void ChangeBatch::count() {
  counted_ = bytes() + changes_.size() * sizeof(Change);
  budget_->bytes.fetch_add(counted_, std::memory_order_relaxed);
}

}  // namespace chatpad::realtime
