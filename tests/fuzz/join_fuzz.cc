// The payload of phx_join: whatever it holds, reading it is bounded and the same every time, and of
// text that is JSON every part means what the DOM says it means.
//
// uses: realtime/protocol/join.cc realtime/protocol/json_slice.cc
// uses: runtime/wire/json.cc runtime/wire/json_check.cc runtime/base/error.cc
// uses: runtime/base/check.cc runtime/base/uuid.cc
// links:
#include <nlohmann/json.hpp>

#include "realtime/protocol/join.h"
#include "runtime/base/check.h"
#include "runtime/wire/json.h"
#include "runtime/wire/utf8.h"

using namespace chatpad;
using namespace chatpad::realtime;
using wire::Json;

namespace {

// What is written may be nested a little deeper than what was read.
constexpr wire::JsonLimits kDeep{.depth_max = wire::kJsonDepthCeiling};
constexpr int kReplayMax = 25;

Json member(const Json& value, const char* name) {
  return value.is_object() ? value.value(name, Json()) : Json();
}

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::optional<int64_t> integer_of(const Json& value) {
  if (value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX) return std::nullopt;
  if (!value.is_number_integer()) return std::nullopt;
  return value.get<int64_t>();
}

// A string is compared by its bytes, so "true" written with escapes is off.
void check_switch(Switch is, const Json& asked, const char* which) {
  const bool may_be = asked == Json(true) || asked == Json("true");
  if (asked == Json(true)) CHECK(is == Switch::on, which);
  if (!may_be) CHECK(is == Switch::off, which);
}

void check_replay(const JoinRequest& join, const Json& asked) {
  if (asked.is_null()) {
    CHECK(!join.replay && !join.replay_malformed, "no replay was asked for");
    return;
  }
  CHECK(join.replay.has_value() != join.replay_malformed, "a replay is good or malformed");
  const auto since = integer_of(member(asked, "since"));
  const bool has_limit = asked.is_object() && asked.contains("limit");
  const auto limit = has_limit ? integer_of(member(asked, "limit")) : kReplayMax;
  const bool good = since && *since >= 0 && limit && *limit >= 1 && *limit <= kReplayMax;
  CHECK(join.replay.has_value() == good, "a replay has a time, and 1 to 25 events");
  if (!good) return;
  CHECK(join.replay->since_ms == *since && join.replay->limit == *limit, "a replay is as asked");
}

void check_recover(const JoinRequest& join, const Json& asked) {
  if (asked.is_null()) {
    CHECK(!join.recover && !join.recover_malformed, "no recovery was asked for");
    return;
  }
  CHECK(join.recover.has_value() != join.recover_malformed, "a cursor is good or malformed");
  if (!asked.is_object()) CHECK(join.recover_malformed, "a cursor is an object");
  const Json seq = member(asked, "seq");
  const Json horizon = member(asked, "horizon");
  const bool seq_good = seq.is_null() || (integer_of(seq) && *integer_of(seq) >= 0);
  const bool horizon_good = horizon.is_null() || (!text_of(horizon).empty() &&
                                                  text_of(horizon).size() <= kHorizonBytesMax);
  const bool good = asked.is_object() && seq_good && horizon_good;
  CHECK(join.recover.has_value() == good, "a cursor has a number, a horizon, both or neither");
  if (!good) return;
  CHECK(join.recover->seq == integer_of(seq), "the number is as asked");
  CHECK(join.recover->horizon == text_of(horizon), "the horizon is as asked");
}

void check_changes(const JoinRequest& join, const Json& asked) {
  if (!asked.is_array()) {
    CHECK(join.changes.empty(), "only a list asks for changes");
    return;
  }
  CHECK(join.changes.size() == asked.size(), "no change is left out");
  for (size_t i = 0; i < asked.size(); ++i) {
    const ChangeRequest& change = join.changes[i];
    CHECK(change.event == text_of(member(asked[i], "event")), "the event is as asked");
    CHECK(change.schema == text_of(member(asked[i], "schema")), "the schema is as asked");
    CHECK(change.table == text_of(member(asked[i], "table")), "the table is as asked");
    CHECK(change.filter == text_of(member(asked[i], "filter")), "the filter is as asked");
    const Json select = member(asked[i], "select");
    const size_t columns = select.is_array() ? std::min(select.size(), kChangeColumnsMax) : 0;
    CHECK(change.select.size() == columns, "columns are as asked, and bounded");
    for (size_t c = 0; c < columns; ++c) {
      CHECK(change.select[c] == text_of(select[c]), "a column is as asked");
    }
    if (!asked[i].is_object()) continue;
    // The client finds its own entry in the answer.
    const Result<Json> echo = wire::parse_json(change.echo, kDeep);
    CHECK(echo.ok(), "an echo is JSON");
    Json expected = asked[i];
    expected["id"] = change.id;
    CHECK(*echo == expected, "an echo is the entry with its id");
  }
}

void check_against_dom(const JoinRequest& join, const Json& payload) {
  const Json config = member(payload, "config");
  const Json broadcast = member(config, "broadcast");
  const Json presence = member(config, "presence");
  const Json options = member(config, "postgres_changes_options");
  check_switch(join.privacy == Privacy::restricted ? Switch::on : Switch::off,
               member(config, "private"), "private is what was asked for");
  check_switch(join.ack, member(broadcast, "ack"), "ack is what was asked for");
  check_switch(join.self, member(broadcast, "self"), "self is what was asked for");
  check_switch(join.replication_ready, member(broadcast, "replication_ready"),
               "replication_ready is what was asked for");
  check_switch(join.changes_wait, member(options, "wait"), "wait is what was asked for");
  check_replay(join, member(broadcast, "replay"));
  check_recover(join, member(broadcast, "recover"));
  check_changes(join, member(config, "postgres_changes"));
  if (!presence.is_object()) {
    CHECK(join.presence == Switch::off && join.presence_key.empty(), "presence is an object");
  } else if (!presence.contains("enabled")) {
    CHECK(join.presence == Switch::on, "older clients want presence");
  } else {
    check_switch(join.presence, presence["enabled"], "presence is what was asked for");
  }
  const bool older = presence.is_object() && !presence.contains("enabled");
  CHECK((join.older_client == Switch::on) == older, "clients that do not know `enabled` are older");
  const std::string key = text_of(member(presence, "key"));
  CHECK(join.presence_key == (key.size() <= kPresenceKeyBytesMax ? key : ""),
        "the key is as asked");
  std::string token = text_of(member(payload, "access_token"));
  if (token.empty()) token = text_of(member(payload, "user_token"));
  if (token.starts_with("sb_")) token.clear();
  CHECK(join.access_token == token, "the token is as sent");
}

bool same(const JoinRequest& a, const JoinRequest& b) {
  if (a.changes.size() != b.changes.size()) return false;
  for (size_t i = 0; i < a.changes.size(); ++i) {
    if (a.changes[i].id != b.changes[i].id || a.changes[i].echo != b.changes[i].echo) return false;
  }
  return a.ack == b.ack && a.self == b.self && a.privacy == b.privacy && a.presence == b.presence &&
         a.presence_key == b.presence_key && a.access_token == b.access_token &&
         a.changes_wait_ms == b.changes_wait_ms && a.replay.has_value() == b.replay.has_value() &&
         a.recover.has_value() == b.recover.has_value();
}

void check_bounds(const JoinRequest& join, std::string_view payload) {
  CHECK(join.changes.size() <= kChangesPerJoinMax, "changes are bounded");
  CHECK(join.presence_key.size() <= kPresenceKeyBytesMax, "the presence key is bounded");
  CHECK(join.access_token.size() <= payload.size(), "a token is part of the payload");
  CHECK(!join.access_token.starts_with("sb_"), "opaque keys are no tokens");
  CHECK(join.changes_wait_ms > 0 && join.changes_wait_ms <= kChangesWaitMsMax, "waiting ends");
  size_t bytes = 0;
  for (const ChangeRequest& change : join.changes) {
    CHECK(change.id > 0 && change.id <= INT32_MAX, "ids are positive numbers of 31 bits");
    bytes += change.echo.size();
  }
  // A control character in a key of an entry takes six bytes in its echo.
  CHECK(bytes <= payload.size() * 6 + join.changes.size() * 32, "echoes are bounded");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  const Result<JoinRequest> join = parse_join(payload);
  const Result<JoinRequest> again = parse_join(payload);
  CHECK(join.ok() == again.ok(), "the same payload is read the same way");
  const Result<Json> dom = wire::parse_json(payload);
  if (!join.ok()) {
    CHECK(join.error().errc == Errc::payload_too_large, "too much is the only thing refused");
    if (!dom.ok()) return 0;
    CHECK(member(member(*dom, "config"), "postgres_changes").size() > kChangesPerJoinMax,
          "only too many changes are too much");
    return 0;
  }
  CHECK(same(*join, *again), "the same payload is read the same way");
  check_bounds(*join, payload);
  if (!wire::check_json(payload).ok()) return 0;
  const std::string response = join_response_json(join->changes, ",\"recover\":{\"count\":0}");
  CHECK(wire::check_json(response, kDeep).ok(), "the answer to a join is JSON");
  if (dom.ok()) check_against_dom(*join, *dom);
  return 0;
}
