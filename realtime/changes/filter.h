// filter: the `filter` text of a postgres_changes subscription to conditions, and what each says of
// a value. Pure.
//
//   cond[,cond]*     all must hold; blank text is no filter
//   cond             column=[not.]op.value
//   op               eq neq lt lte gt gte in like ilike is match imatch isdistinct
//   value            bare up to the next comma, or "quoted" with \ before " and \; in.(a,"b,c")
//
// matches() answers what bytes can answer; `ask` means that PostgreSQL has to (regular expressions,
// order of text, types without a form we know). NULL satisfies `is.null` and `isdistinct` only, and
// an absent column nothing.
//
// Errors of parse_filter(): Errc::validation_failed with a public sentence.
// Source: Supabase's client, RealtimePostgresFilterBuilder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "realtime/changes/column_type.h"
#include "runtime/base/error.h"

namespace chatpad::realtime {

constexpr size_t kFilterBytesMax = 8192;
constexpr size_t kFilterConditionsMax = 32;
constexpr size_t kFilterInValuesMax = 100;

enum class FilterOp : uint8_t {
  eq,
  neq,
  lt,
  lte,
  gt,
  gte,
  in,
  like,
  ilike,
  is,
  match,
  imatch,
  isdistinct,
};
std::string_view filter_op_name(FilterOp op);
// As SQL writes it, between two operands.
std::string_view filter_op_sql(FilterOp op);

enum class Negated : uint8_t { no, yes };

struct Condition {
  std::string column;
  Negated negated = Negated::no;
  FilterOp op = FilterOp::eq;
  // One, but for `in`. Of a comparison: as PostgreSQL prints the column's type (canonical()).
  std::vector<std::string> values;
  bool is_null = false;  // isdistinct.null

  bool operator==(const Condition&) const = default;
};

Result<std::vector<Condition>> parse_filter(std::string_view text);
// Whether the operator fits the type; the sentence says what is wrong otherwise.
Result<void> check_condition(const Condition& condition, const ColumnType& type);
// True when the values have to be brought into PostgreSQL's form of the type first.
bool wants_cast(const Condition& condition);

enum class Answer : uint8_t { no, yes, ask };
// `text`: the column's value; nullopt for NULL. `negated` is part of the answer, but for `ask`.
Answer matches(const Condition& condition, const ColumnType& type,
               std::optional<std::string_view> text);
// What an answer of PostgreSQL to the bare comparison means.
inline bool settle(const Condition& condition, bool holds) {
  return holds == (condition.negated == Negated::no);
}

// LIKE over UTF-8: % any text, _ any character, \ takes the next one as it is.
bool like(std::string_view text, std::string_view pattern);

}  // namespace chatpad::realtime
