// The codes clients see: websocket close codes with their reasons, and the `Code: text` sentences
// of join errors and system messages. docs/errors.md lists both tables.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace chatpad::realtime {

// Why the server closes a socket. Clients treat every one of them as "connect again".
enum class Close : uint8_t {
  idle,            // 1001 nothing heard for too long
  never_joined,    // 1001 connected without ever sending a message
  protocol_error,  // 1002 unmasked frame or other breach of RFC 6455
  bad_utf8,        // 1007
  message_rate,    // 1008
  byte_rate,       // 1008
  slow_message,    // 1008 a message in pieces did not become complete
  too_big,         // 1009 message over kFrameBytesMax or in too many fragments
  internal,        // 1011
  draining,        // 1012
  slow_reader,     // 1013 the outbox is full
  session_ended,   // 1008 its person signed out, was barred or deleted
};

struct CloseInfo {
  Close close;
  uint16_t code;
  std::string_view reason;  // goes over the wire; at most 123 bytes
  std::string_view meaning;
};
const CloseInfo& close_info(Close close);
std::span<const CloseInfo> close_table();

// The close frame, complete with its header (RFC 6455 section 5.5.1).
std::string close_frame(Close close);

// The stable prefix of an error sentence.
enum class Code : uint8_t {
  topic_name_required,
  unauthorized,
  invalid_token,
  token_expired,
  channel_limit,
  join_rate,
  message_rate,
  payload_size,
  replay_failed,
  replay_invalid,
  replay_unavailable,
  recover_invalid,
  recover_gap,
  rights_unavailable,
  too_many_joins_waiting,
  feed_not_live,
  invalid_join,
  changes_not_available,
  changes_refused,
  changes_timeout,
  changes_rights,
  changes_truncated,
  read_lost,
  gap,
  presence_denied,
  presence_no_map,
  presence_unknown_event,
  presence_too_large,
  presence_full,
  presence_rate,
  account_disabled,
  account_clients,
  account_channels,
  account_joins,
  account_events,
  account_bytes,
  account_presence,
  session_ended,
  second_factor,
};

struct CodeInfo {
  Code code;
  std::string_view prefix;  // may be empty: Supabase sends some sentences bare
  std::string_view text;
  std::string_view meaning;
};
constexpr size_t kCodeCount = 39;
constexpr size_t kCloseCount = 12;
const CodeInfo& code_info(Code code);
std::span<const CodeInfo> code_table();
// The code's name for metrics: its own, as prefixes are shared.
std::string_view code_label(Code code);
// "Prefix: text" or, when given, "Prefix: detail".
std::string code_sentence(Code code, std::string_view detail = {});

}  // namespace chatpad::realtime
