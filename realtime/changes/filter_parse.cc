#include <algorithm>
#include <array>
#include <utility>

#include "realtime/changes/filter.h"

namespace chatpad::realtime {
namespace {

struct OpName {
  FilterOp op;
  std::string_view name;
  std::string_view sql;
};
constexpr std::array kOps = {
    OpName{FilterOp::eq, "eq", "="},
    OpName{FilterOp::neq, "neq", "<>"},
    OpName{FilterOp::lt, "lt", "<"},
    OpName{FilterOp::lte, "lte", "<="},
    OpName{FilterOp::gt, "gt", ">"},
    OpName{FilterOp::gte, "gte", ">="},
    OpName{FilterOp::in, "in", "="},
    OpName{FilterOp::like, "like", "~~"},
    OpName{FilterOp::ilike, "ilike", "~~*"},
    OpName{FilterOp::is, "is", "is"},
    OpName{FilterOp::match, "match", "~"},
    OpName{FilterOp::imatch, "imatch", "~*"},
    OpName{FilterOp::isdistinct, "isdistinct", "is distinct from"},
};

Error bad(const std::string& why) {
  return Error(Errc::validation_failed, PublicText("Error parsing `filter` params: " + why));
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  const size_t from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

// Splits at commas outside of quotes and parentheses. A quote opens only right after '.', '(' or
// ','; elsewhere it is a character like others. False when something stays open.
bool split_commas(std::string_view text, std::vector<std::string_view>& parts) {
  size_t from = 0;
  int open = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
      continue;
    }
    const char before = i == from ? ',' : text[i - 1];
    if (c == '"' && (before == '.' || before == '(' || before == ',')) quoted = true;
    if (c == '(') ++open;
    if (c == ')' && open > 0) --open;
    if (c != ',' || open > 0) continue;
    parts.push_back(text.substr(from, i - from));
    from = i + 1;
  }
  parts.push_back(text.substr(from));
  return !quoted && open == 0;
}

// Undoes the quotes of "a\"b"; bare text stays. False for text behind the closing quote.
bool unquote(std::string_view text, std::string& out) {
  out.clear();
  if (!text.starts_with('"')) {
    out = text;
    return true;
  }
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1 == text.size();
    if (text[i] == '\\' && ++i == text.size()) return false;
    out += text[i];
  }
  return false;
}

Result<void> parse_in(std::string_view value, Condition& condition) {
  if (value.size() < 2 || value.front() != '(' || value.back() != ')') {
    return bad("`in` needs its values in parentheses");
  }
  value = value.substr(1, value.size() - 2);
  std::vector<std::string_view> parts;
  if (!split_commas(value, parts)) return bad("a quote or parenthesis is not closed");
  if (is_blank(value)) return bad("`in` needs at least one value");
  if (parts.size() > kFilterInValuesMax) {
    return bad("`in` takes at most " + std::to_string(kFilterInValuesMax) + " values");
  }
  for (const std::string_view part : parts) {
    if (!unquote(trimmed(part), condition.values.emplace_back())) return bad("quotes do not match");
  }
  return {};
}

Result<Condition> parse_condition(std::string_view text) {
  Condition condition;
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return bad("expected column=operator.value");
  }
  if (!unquote(trimmed(text.substr(0, equals)), condition.column) || condition.column.empty()) {
    return bad("expected column=operator.value");
  }
  text.remove_prefix(equals + 1);
  if (text.starts_with("not.")) {
    condition.negated = Negated::yes;
    text.remove_prefix(4);
  }
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos) return bad("expected column=operator.value");
  const std::string_view name = text.substr(0, dot);
  const auto* op = std::find_if(kOps.begin(), kOps.end(),
                                [&](const OpName& known) { return known.name == name; });
  if (op == kOps.end()) return bad("unknown operator");
  condition.op = op->op;
  const std::string_view value = text.substr(dot + 1);
  if (condition.op == FilterOp::in) {
    const Result<void> parsed = parse_in(value, condition);
    if (!parsed) return parsed.error();
    return condition;
  }
  condition.is_null = condition.op == FilterOp::isdistinct && value == "null";
  if (!unquote(value, condition.values.emplace_back())) return bad("quotes do not match");
  return condition;
}

}  // namespace

std::string_view filter_op_name(FilterOp op) { return kOps[static_cast<size_t>(op)].name; }
std::string_view filter_op_sql(FilterOp op) { return kOps[static_cast<size_t>(op)].sql; }

Result<std::vector<Condition>> parse_filter(std::string_view text) {
  std::vector<Condition> conditions;
  if (is_blank(text)) return conditions;
  if (text.size() > kFilterBytesMax) return bad("the filter is too long");
  if (text.find('\0') != std::string_view::npos) return bad("the filter holds a zero byte");
  std::vector<std::string_view> parts;
  if (!split_commas(text, parts)) return bad("a quote or parenthesis is not closed");
  if (parts.size() > kFilterConditionsMax) {
    return bad("at most " + std::to_string(kFilterConditionsMax) + " conditions");
  }
  for (const std::string_view part : parts) {
    Result<Condition> condition = parse_condition(part);
    if (!condition) return condition.error();
    conditions.push_back(std::move(*condition));
  }
  return conditions;
}

Result<void> check_condition(const Condition& condition, const ColumnType& type) {
  const std::string& value = condition.values.empty() ? std::string() : condition.values.front();
  switch (condition.op) {
    case FilterOp::is:
      if (value == "null") return {};
      if (value != "true" && value != "false" && value != "unknown") {
        return bad("`is` takes null, true, false or unknown");
      }
      if (type.kind != TypeKind::boolean) return bad("the column of `is` is not boolean");
      return {};
    case FilterOp::like:
    case FilterOp::ilike:
    case FilterOp::match:
    case FilterOp::imatch:
      if (type.kind != TypeKind::text && type.kind != TypeKind::padded_text &&
          type.name != "citext") {
        return bad("the column of `" + std::string(filter_op_name(condition.op)) + "` is not text");
      }
      return {};
    default:
      return {};
  }
}

bool wants_cast(const Condition& condition) {
  switch (condition.op) {
    case FilterOp::is:
    case FilterOp::like:
    case FilterOp::ilike:
    case FilterOp::match:
    case FilterOp::imatch:
      return false;
    default:
      return !condition.is_null;
  }
}

}  // namespace chatpad::realtime
