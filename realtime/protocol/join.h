// The payload of phx_join, read leniently as Supabase does: booleans may be the strings "true" and
// "false", parts that make no sense get their defaults, a missing `config` means all defaults.
// Pure. Errors of parse_join(): Errc::payload_too_large for more than kChangesPerJoinMax
// postgres_changes entries; nothing else is refused here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "realtime/protocol/limits.h"
#include "runtime/base/error.h"

namespace chatpad::realtime {

enum class Privacy : uint8_t { open, restricted };  // public and private channels
enum class Switch : uint8_t { off, on };

struct ReplayRequest {
  int64_t since_ms = 0;
  int limit = 25;
};

// config.broadcast.recover: the cursor a client comes back with. Neither: it wants a first cursor.
struct RecoverRequest {
  std::optional<int64_t> seq;  // of the last message it has, on a conversation's topic
  std::string horizon;         // counts before `seq`
};

// One entry of config.postgres_changes. `echo` is the client's own object with the id added;
// clients compare it with theirs, in their order.
struct ChangeRequest {
  std::string event, schema, table, filter;
  std::vector<std::string> select;  // empty: every column
  int64_t id = 0;                   // positive, equal for equal requests
  std::string echo;
};

struct JoinRequest {
  Switch ack = Switch::off;
  Switch self = Switch::off;
  Switch replication_ready = Switch::off;
  Switch presence = Switch::off;
  // Sends no presence.enabled. Such a client stays "joining" after a refused join, and gives the
  // channel up at the next try, unless it is sent phx_error as well.
  Switch older_client = Switch::off;
  Privacy privacy = Privacy::open;
  std::string presence_key;
  std::optional<ReplayRequest> replay;
  bool replay_malformed = false;
  std::optional<RecoverRequest> recover;  // counts before `replay`
  bool recover_malformed = false;
  std::vector<ChangeRequest> changes;
  // config.postgres_changes_options: answer the join only when the changes are subscribed, and with
  // an error when they cannot be. Without it a refusal is a `system` event after the ok.
  Switch changes_wait = Switch::off;
  uint64_t changes_wait_ms = kChangesWaitMs;
  std::string access_token;  // empty: use the connection's caller
};

Result<JoinRequest> parse_join(std::string_view payload);
// Of a join or an `access_token` message. Empty for none, null, and the opaque sb_ keys, which are
// not tokens.
std::string access_token_of(std::string_view payload);
// The `response` of a join's ok reply.
// `more`: further members, each with a comma before it.
std::string join_response_json(const std::vector<ChangeRequest>& changes,
                               std::string_view more = {});

// "realtime:room-7" -> "room-7"; nullopt without the prefix.
std::optional<std::string_view> topic_name(std::string_view topic);

}  // namespace chatpad::realtime
