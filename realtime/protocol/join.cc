#include "realtime/protocol/join.h"

#include <algorithm>
#include <charconv>

#include "realtime/protocol/json_slice.h"
#include "runtime/wire/json.h"

namespace chatpad::realtime {
namespace {

constexpr std::string_view kTopicPrefix = "realtime:";

Switch as_switch(std::string_view value) {
  return value == "true" || value == "\"true\"" ? Switch::on : Switch::off;
}

std::string as_text(std::string_view value) { return json_text(value).value_or(std::string()); }

std::optional<int64_t> as_integer(std::string_view value) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
  return number;
}

// FNV-1a folded to 31 bits and never zero: clients compare ids for truth and equality only.
int64_t change_id(std::string_view text) {
  uint64_t hash = 1469598103934665603ull;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211ull;
  return static_cast<int64_t>((hash ^ (hash >> 32)) & 0x7fffffff) | 1;
}

std::vector<std::string> parse_select(std::string_view value) {
  std::vector<std::string> columns;
  if (json_kind(value) != JsonKind::array) return columns;
  JsonItems items(value);
  while (items.next() && columns.size() < kChangeColumnsMax) {
    columns.push_back(as_text(items.value()));
  }
  return columns;
}

ChangeRequest parse_change(std::string_view object) {
  ChangeRequest change;
  JsonItems items(object);
  std::string kept = "{";
  while (items.next()) {
    const std::string_view key = items.key();
    if (key == "id") continue;
    if (key == "event") change.event = as_text(items.value());
    if (key == "schema") change.schema = as_text(items.value());
    if (key == "table") change.table = as_text(items.value());
    if (key == "filter") change.filter = as_text(items.value());
    if (key == "select") change.select = parse_select(items.value());
    wire::append_json_string(kept, key);
    kept.append(":").append(items.value()).append(",");
  }
  change.id = change_id(kept);
  change.echo = std::move(kept);
  change.echo.append("\"id\":").append(std::to_string(change.id)).append("}");
  return change;
}

void parse_replay(std::string_view value, JoinRequest& join) {
  const JsonKind kind = json_kind(value);
  if (kind == JsonKind::none || kind == JsonKind::null) return;
  const auto since = as_integer(json_member(value, "since"));
  const std::string_view limit_text = json_member(value, "limit");
  const auto limit = limit_text.empty() ? std::optional<int64_t>(25) : as_integer(limit_text);
  join.replay_malformed = !since || *since < 0 || !limit || *limit < 1 || *limit > 25;
  if (join.replay_malformed) return;
  join.replay = ReplayRequest{*since, static_cast<int>(*limit)};
}

void parse_recover(std::string_view value, JoinRequest& join) {
  const JsonKind kind = json_kind(value);
  if (kind == JsonKind::none || kind == JsonKind::null) return;
  RecoverRequest recover;
  const std::string_view seq = json_member(value, "seq");
  const std::string_view horizon = json_member(value, "horizon");
  if (json_kind(seq) == JsonKind::number) recover.seq = as_integer(seq);
  if (json_kind(horizon) == JsonKind::string) recover.horizon = as_text(horizon);
  const auto is_given = [](std::string_view member) {
    return json_kind(member) != JsonKind::none && json_kind(member) != JsonKind::null;
  };
  join.recover_malformed =
      kind != JsonKind::object || (is_given(seq) && (!recover.seq || *recover.seq < 0)) ||
      (is_given(horizon) && recover.horizon.empty()) || recover.horizon.size() > kHorizonBytesMax;
  if (!join.recover_malformed) join.recover = std::move(recover);
}

void parse_broadcast_config(std::string_view value, JoinRequest& join) {
  JsonItems items(value);
  while (items.next()) {
    if (items.key() == "ack") join.ack = as_switch(items.value());
    if (items.key() == "self") join.self = as_switch(items.value());
    if (items.key() == "replication_ready") join.replication_ready = as_switch(items.value());
    if (items.key() == "replay") parse_replay(items.value(), join);
    if (items.key() == "recover") parse_recover(items.value(), join);
  }
}

void parse_presence_config(std::string_view value, JoinRequest& join) {
  if (json_kind(value) != JsonKind::object) return;
  // Clients older than `enabled` send the key alone and want presence.
  join.presence = join.older_client = Switch::on;
  JsonItems items(value);
  while (items.next()) {
    if (items.key() == "enabled") {
      join.presence = as_switch(items.value());
      join.older_client = Switch::off;
    }
    if (items.key() == "key") join.presence_key = as_text(items.value());
  }
  if (join.presence_key.size() > kPresenceKeyBytesMax) join.presence_key.clear();
}

Result<void> parse_changes(std::string_view value, JoinRequest& join) {
  if (json_kind(value) != JsonKind::array) return {};
  JsonItems items(value);
  while (items.next()) {
    if (join.changes.size() == kChangesPerJoinMax) {
      return Error(Errc::payload_too_large, PublicText("too many postgres_changes entries"));
    }
    join.changes.push_back(parse_change(items.value()));
  }
  return {};
}

void parse_changes_options(std::string_view value, JoinRequest& join) {
  if (json_kind(value) != JsonKind::object) return;
  join.changes_wait = as_switch(json_member(value, "wait"));
  const auto timeout = as_integer(json_member(value, "timeout"));
  if (timeout && *timeout > 0) {
    join.changes_wait_ms = std::min(static_cast<uint64_t>(*timeout), kChangesWaitMsMax);
  }
}

}  // namespace

Result<JoinRequest> parse_join(std::string_view payload) {
  JoinRequest join;
  join.access_token = access_token_of(payload);
  JsonItems items(json_member(payload, "config"));
  while (items.next()) {
    const std::string_view key = items.key();
    if (key == "broadcast") parse_broadcast_config(items.value(), join);
    if (key == "presence") parse_presence_config(items.value(), join);
    if (key == "private" && as_switch(items.value()) == Switch::on) {
      join.privacy = Privacy::restricted;
    }
    if (key == "postgres_changes_options") parse_changes_options(items.value(), join);
    if (key == "postgres_changes") {
      const Result<void> parsed = parse_changes(items.value(), join);
      if (!parsed) return parsed.error();
    }
  }
  return join;
}

std::string access_token_of(std::string_view payload) {
  std::string token = as_text(json_member(payload, "access_token"));
  if (token.empty()) token = as_text(json_member(payload, "user_token"));
  if (token.starts_with("sb_")) token.clear();
  return token;
}

std::string join_response_json(const std::vector<ChangeRequest>& changes, std::string_view more) {
  std::string out = R"({"postgres_changes":[)";
  for (size_t i = 0; i < changes.size(); ++i) {
    if (i > 0) out += ',';
    out += changes[i].echo;
  }
  out += ']';
  out += more;
  out += '}';
  return out;
}

std::optional<std::string_view> topic_name(std::string_view topic) {
  if (!topic.starts_with(kTopicPrefix)) return std::nullopt;
  return topic.substr(kTopicPrefix.size());
}

}  // namespace chatpad::realtime
