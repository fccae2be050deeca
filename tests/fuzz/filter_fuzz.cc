// Filters of row changes, as clients write them, and the values they are held against: what is
// parsed keeps its limits, an answer and its negation never agree, and a value becomes JSON.
//
// uses: realtime/changes/filter.cc realtime/changes/filter_parse.cc
// uses: realtime/changes/value_json.cc runtime/wire/json.cc runtime/wire/json_check.cc
// uses: runtime/base/error.cc runtime/base/check.cc runtime/base/uuid.cc
#include <cmath>
#include <cstdlib>

#include "realtime/changes/filter.h"
#include "realtime/changes/value_json.h"
#include "runtime/base/check.h"
#include "runtime/wire/json.h"
#include "runtime/wire/utf8.h"

using namespace chatpad;
using namespace chatpad::realtime;

namespace {

void check_limits(const std::vector<Condition>& conditions) {
  CHECK(conditions.size() <= kFilterConditionsMax, "conditions are limited");
  for (const Condition& condition : conditions) {
    CHECK(!condition.column.empty(), "a condition names a column");
    CHECK(condition.values.size() <= kFilterInValuesMax, "values are limited");
    if (condition.op != FilterOp::in) CHECK(condition.values.size() <= 1, "one value, but for in");
  }
}

// The database's text is UTF-8, and what it calls JSON is JSON.
void check_value(const ColumnType& type, std::string_view text) {
  if (!wire::is_utf8(text) || text.size() > 4096) return;
  if (type.kind == TypeKind::json && !wire::check_json(text).ok()) return;
  // Digits beyond a double's reach are passed on as they are; our own checker knows doubles only.
  if (std::isinf(std::strtod(std::string(text).c_str(), nullptr))) return;
  std::string json;
  append_value_json(json, type, text);
  CHECK(wire::check_json(json).ok(), "a value becomes JSON");
}

void check_answers(const Condition& condition, const ColumnType& type,
                   std::optional<std::string_view> value) {
  if (!check_condition(condition, type).ok()) return;
  const Answer answer = matches(condition, type, value);
  if (answer == Answer::yes && !value) {
    CHECK(condition.op == FilterOp::is || condition.op == FilterOp::isdistinct,
          "NULL satisfies two operators only");
  }
  // Other types expect both sides in PostgreSQL's own form.
  if (answer == Answer::ask || !value || type.kind != TypeKind::text) return;
  Condition other = condition;
  other.negated = condition.negated == Negated::no ? Negated::yes : Negated::no;
  CHECK(matches(other, type, value) != answer, "a condition and its negation differ");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view all(reinterpret_cast<const char*>(data + 1), size - 1);
  const size_t cut = all.find('\0');
  const std::string_view text = all.substr(0, cut);
  std::optional<std::string_view> value;
  if (cut != std::string_view::npos) value = all.substr(cut + 1);

  ColumnType type;
  type.kind = static_cast<TypeKind>(data[0] % (static_cast<int>(TypeKind::other) + 1));
  type.oid = 25;
  if (type.kind == TypeKind::array) {
    auto element = std::make_shared<ColumnType>();
    element->kind = TypeKind::text;
    type.element = element;
  }
  if (value) {
    check_value(type, *value);
  }
  const Result<std::vector<Condition>> conditions = parse_filter(text);
  if (!conditions.ok()) return 0;
  check_limits(*conditions);
  for (const Condition& condition : *conditions) check_answers(condition, type, value);
  return 0;
}
