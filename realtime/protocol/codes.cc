#include "realtime/protocol/codes.h"

#include <array>

#include "runtime/wire/websocket_upgrade.h"

namespace chatpad::realtime {
namespace {

constexpr std::array kCloses = {
    CloseInfo{Close::idle, 1001, "idle", "Nothing arrived for idle_ms, not even a pong."},
    CloseInfo{Close::never_joined, 1001, "never_joined",
              "The socket sent no message within first_message_ms."},
    CloseInfo{Close::protocol_error, 1002, "protocol_error",
              "The client broke RFC 6455, for instance with an unmasked frame."},
    CloseInfo{Close::bad_utf8, 1007, "bad_utf8", "A text message was not UTF-8."},
    CloseInfo{Close::message_rate, 1008, "message_rate",
              "The client went on sending far above messages_per_s."},
    CloseInfo{Close::byte_rate, 1008, "byte_rate", "The client sent more than bytes_per_s."},
    CloseInfo{Close::slow_message, 1008, "slow_message",
              "A message in pieces was not complete within message_ms."},
    CloseInfo{Close::too_big, 1009, "too_big",
              "A message was larger than the limit or came in too many fragments."},
    CloseInfo{Close::internal, 1011, "internal", "The server met an error of its own."},
    CloseInfo{Close::draining, 1012, "draining", "The server restarts; connect again."},
    CloseInfo{Close::slow_reader, 1013, "slow_reader",
              "The client reads slower than its topics speak; its outbox is full."},
    CloseInfo{Close::session_ended, 1008, "session_ended",
              "The person signed out, was barred or deleted; sign in again."},
};

constexpr std::array kCodes = {
    CodeInfo{Code::topic_name_required, "TopicNameRequired", "You must provide a topic name",
             "The topic is not realtime:<name>."},
    CodeInfo{Code::unauthorized, "Unauthorized",
             "You do not have permissions to read from this Channel topic",
             "No policy on realtime.messages lets this caller read the topic."},
    CodeInfo{Code::invalid_token, "InvalidJWTToken", "The token is not valid",
             "The access token did not verify."},
    CodeInfo{Code::token_expired, "InvalidJWTToken", "Token has expired",
             "The access token is past its exp; send a new one."},
    CodeInfo{Code::channel_limit, "ChannelRateLimitReached", "Too many channels",
             "The socket has channels_max channels."},
    CodeInfo{Code::join_rate, "ClientJoinRateLimitReached", "Too many joins per second",
             "The socket joins faster than joins_per_s."},
    CodeInfo{Code::message_rate, "", "Too many messages per second",
             "The socket sends faster than messages_per_s; the message was dropped."},
    CodeInfo{Code::payload_size, "", "payload_size_exceeded",
             "The broadcast is larger than broadcast_bytes_max."},
    CodeInfo{Code::replay_failed, "UnableToReplayMessages",
             "Replay is not allowed for public channels",
             "config.broadcast.replay or recover on a public channel."},
    CodeInfo{Code::replay_invalid, "UnableToReplayMessages", "Replay params are not valid",
             "config.broadcast.replay needs `since`, and `limit` from 1 to 25."},
    CodeInfo{Code::replay_unavailable, "UnableToReplayMessages",
             "Realtime was unable to replay messages",
             "The history could not be read, or events came faster than it was read."},
    CodeInfo{Code::recover_invalid, "UnableToRecover", "Recover params are not valid",
             "config.broadcast.recover is no cursor, or `seq` on another topic than a "
             "conversation's."},
    CodeInfo{Code::recover_gap, "", "Events since the cursor cannot be had; load the current state",
             "In a `system` event of extension recover, with `gap` and `reason`."},
    CodeInfo{Code::rights_unavailable, "", "Realtime was unable to connect to the project database",
             "The policies could not be evaluated."},
    CodeInfo{Code::too_many_joins_waiting, "IncreaseConnectionPool",
             "Too many joins wait for the database; try again",
             "probes_waiting_max joins wait for their rights."},
    CodeInfo{Code::feed_not_live, "InitializingProjectConnection",
             "The event stream is not connected yet; try again",
             "The WAL feed did not start to stream within live_wait_ms."},
    CodeInfo{Code::invalid_join, "InvalidJoinPayload", "The join payload is over a limit",
             "More postgres_changes entries than a join may carry."},
    CodeInfo{Code::changes_not_available, "", "postgres_changes is not available on this server",
             "The subscription was accepted but delivers nothing."},
    CodeInfo{Code::changes_refused, "RealtimeDisabledForConfiguration",
             "Unable to subscribe to changes with given parameters",
             "A postgres_changes entry names what is not there; said in the join's reply on wait."},
    CodeInfo{Code::changes_timeout, "PostgresChangesSubscribeTimeout",
             "Timed out waiting for the postgres_changes subscription",
             "postgres_changes_options.wait, and the stream of changes was not live in time."},
    CodeInfo{Code::changes_rights, "RlsPolicyError",
             "Your rights to changed rows could not be evaluated; changes were lost",
             "A policy raised, or took too long, under this caller's claims."},
    CodeInfo{Code::changes_truncated, "", "A table was truncated; load the current state again",
             "TRUNCATE names no rows."},
    CodeInfo{Code::read_lost, "", "You no longer have permission to read from this Channel topic",
             "The new token's rights do not include the topic."},
    CodeInfo{Code::gap, "", "Events may have been missed; load the current state again",
             "The WAL feed was interrupted; durable events may be missing."},
    CodeInfo{Code::presence_denied, "Unauthorized",
             "You do not have permissions to track presence in this Channel topic",
             "No policy lets this caller insert into realtime.messages with extension presence."},
    CodeInfo{Code::presence_no_map, "", "Presence track payload must be a map",
             "The payload of a track is no JSON object."},
    CodeInfo{Code::presence_unknown_event, "UnknownPresenceEvent", "Only track and untrack exist",
             "The event of a presence message is neither track nor untrack."},
    CodeInfo{Code::presence_too_large, "InvalidPresencePayload", "Track message size exceeded",
             "The payload of a track is larger than presence_bytes_max."},
    CodeInfo{Code::presence_full, "PresenceLimitReached", "Too many presences in this topic",
             "The topic has presence_keys_max keys, the key presence_metas_max metas, or the topic "
             "presence_topic_bytes_max bytes."},
    CodeInfo{Code::presence_rate, "ClientPresenceRateLimitReached",
             "Client presence rate limit exceeded",
             "More presence messages a second than messages_per_s and presence_per_s together."},
    CodeInfo{Code::account_disabled, "RealtimeDisabledForTenant",
             "Realtime is disabled for this account", "The account's limits say so."},
    CodeInfo{Code::account_clients, "ConnectionRateLimitReached", "Too many connected users",
             "The account has clients_max sockets."},
    CodeInfo{Code::account_channels, "ChannelRateLimitReached", "Too many channels in this account",
             "The account has channels_max channels."},
    CodeInfo{Code::account_joins, "ClientJoinRateLimitReached",
             "Too many joins per second in this account",
             "The account's sockets join faster than its joins_per_s."},
    CodeInfo{Code::account_events, "MessagePerSecondRateLimitReached",
             "Too many messages per second in this account",
             "The account's sockets send faster than its events_per_s; the message was dropped."},
    CodeInfo{Code::account_bytes, "MessagePerSecondRateLimitReached",
             "Too many bytes per second in this account",
             "The account's broadcasts, times their receivers, are over bytes_per_s."},
    CodeInfo{Code::account_presence, "PresenceRateLimitReached",
             "Too many presence messages per second in this account",
             "The account's sockets track faster than its presence_per_s."},
    CodeInfo{Code::session_ended, "Unauthorized", "The session has ended; sign in again",
             "The person signed out, was barred or deleted."},
    CodeInfo{Code::second_factor, "InsufficientAAL",
             "This account wants a second factor; add one or give its code, then join again",
             "The account asks for a second factor, and the session was opened without one."},
};

// In the order of Code.
constexpr std::array<std::string_view, kCodeCount> kLabels = {
    "topic_name_required", "unauthorized",       "invalid_token",
    "token_expired",       "channel_limit",      "join_rate",
    "message_rate",        "payload_size",       "replay_failed",
    "replay_invalid",      "replay_unavailable", "recover_invalid",
    "recover_gap",         "rights_unavailable", "too_many_joins_waiting",
    "feed_not_live",       "invalid_join",       "changes_not_available",
    "changes_refused",     "changes_timeout",    "changes_rights",
    "changes_truncated",   "read_lost",          "gap",
    "presence_denied",     "presence_no_map",    "presence_unknown_event",
    "presence_too_large",  "presence_full",      "presence_rate",
    "account_disabled",    "account_clients",    "account_channels",
    "account_joins",       "account_events",     "account_bytes",
    "account_presence",    "session_ended",      "second_factor",
};

template <class Table, class Field>
constexpr bool in_order(const Table& table, Field field) {
  for (size_t i = 0; i < table.size(); ++i) {
    if (static_cast<size_t>(table[i].*field) != i) return false;
  }
  return true;
}
static_assert(in_order(kCloses, &CloseInfo::close));
static_assert(in_order(kCodes, &CodeInfo::code));
static_assert(kCloses.size() == kCloseCount && kCodes.size() == kCodeCount);
static_assert(!kLabels.back().empty(), "a code has no label");

}  // namespace

const CloseInfo& close_info(Close close) { return kCloses[static_cast<size_t>(close)]; }
std::span<const CloseInfo> close_table() { return kCloses; }

std::string close_frame(Close close) {
  std::string frame;
  wire::append_close_frame(frame, close_info(close).code, close_info(close).reason);
  return frame;
}

std::string_view code_label(Code code) { return kLabels[static_cast<size_t>(code)]; }
const CodeInfo& code_info(Code code) { return kCodes[static_cast<size_t>(code)]; }
std::span<const CodeInfo> code_table() { return kCodes; }

std::string code_sentence(Code code, std::string_view detail) {
  const CodeInfo& info = code_info(code);
  std::string out(info.prefix);
  if (!out.empty()) out += ": ";
  out += detail.empty() ? info.text : detail;
  return out;
}

}  // namespace chatpad::realtime
