#include "realtime/changes/render.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "realtime/changes/value_json.h"
#include "runtime/wire/json.h"

namespace chatpad::realtime {
namespace {

constexpr size_t kTrimmedValueBytesMax = 64;  // JSON text of a value in a row that is too large

void append_record(std::string& out, const ChangeBatch& batch, const Change& change, uint32_t row,
                   const std::vector<bool>& shown) {
  const Table& table = *change.table;
  out += '{';
  bool first = true;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const int place = static_cast<int>(i);
    const Held held = batch.held(row, place);
    if (!shown[i] || held == Held::missing) continue;
    const size_t before = out.size();
    if (!first) out += ',';
    wire::append_json_string(out, table.columns[i].name);
    out += ':';
    const size_t value_at = out.size();
    if (held == Held::null) {
      out += "null";
    } else {
      append_value_json(out, *table.columns[i].type, batch.text(row, place));
    }
    if (change.size == RowSize::too_large && out.size() - value_at > kTrimmedValueBytesMax) {
      out.resize(before);
      continue;
    }
    first = false;
  }
  out += '}';
}

void append_columns(std::string& out, const Table& table, const std::vector<bool>& shown) {
  out += '[';
  bool first = true;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (!shown[i]) continue;
    out += first ? "{\"name\":" : ",{\"name\":";
    first = false;
    wire::append_json_string(out, table.columns[i].name);
    out += ",\"type\":";
    wire::append_json_string(out, table.columns[i].type->name);
    out += '}';
  }
  out += ']';
}

std::string_view errors_of(const Change& change, Problem problem) {
  if (problem == Problem::no_key) return R"(["Error 400: Bad Request, no primary key"])";
  if (problem == Problem::unauthorized) return R"(["Error 401: Unauthorized"])";
  return change.size == RowSize::too_large ? R"(["Error 413: Payload Too Large"])" : "null";
}

}  // namespace

std::string iso_ms(int64_t unix_us) {
  int64_t seconds = unix_us / 1'000'000;
  int64_t rest_us = unix_us % 1'000'000;
  if (rest_us < 0) {
    --seconds;
    rest_us += 1'000'000;
  }
  const auto at = static_cast<time_t>(seconds);
  tm parts{};
  gmtime_r(&at, &parts);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                static_cast<int>(rest_us / 1000));
  return text;
}

std::string render_change(const ChangeBatch& batch, const Change& change,
                          const std::vector<bool>& columns, OldShown old, Problem problem) {
  const Table& table = *change.table;
  std::vector<bool> shown = columns;
  if (problem != Problem::none) shown.assign(table.columns.size(), false);
  std::string out = "{\"schema\":";
  wire::append_json_string(out, table.schema);
  out += ",\"table\":";
  wire::append_json_string(out, table.name);
  out += ",\"type\":\"";
  out += change_type_name(change.type);
  out += "\",\"commit_timestamp\":\"" + iso_ms(change.commit_us) + "\",\"columns\":";
  append_columns(out, table, shown);
  if (change.type != ChangeType::remove) {
    out += ",\"record\":";
    append_record(out, batch, change, change.new_row, shown);
  }
  if (change.type != ChangeType::insert) {
    if (old == OldShown::key) {
      for (size_t i = 0; i < shown.size(); ++i) {
        const bool in_key =
            std::find(table.key.begin(), table.key.end(), static_cast<int>(i)) != table.key.end();
        shown[i] = shown[i] && in_key;
      }
    }
    out += ",\"old_record\":";
    append_record(out, batch, change, change.old_row, shown);
  }
  out += ",\"errors\":";
  out += errors_of(change, problem);
  return out + "}";
}

}  // namespace chatpad::realtime
