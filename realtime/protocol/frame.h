// One realtime message as it travels in a websocket frame (Phoenix channels, Supabase dialect).
//
//   vsn 1.0.0   text, an object {topic, event, payload, ref, join_ref}
//   vsn 2.0.0   text, an array [join_ref, ref, topic, event, payload]; binary kind 3 (a client's
//               broadcast) and kind 4 (a broadcast to clients)
//
// Pure: bytes to fields and back. Payloads are slices of the frame, checked to be JSON but never
// built. It does not know which messages are allowed when; that is the hub's business.
// Refs are kept as raw JSON tokens ("12" with its quotes, or null), because all the server does
// with them is compare and send back.
// Errors of decode(): Errc::bad_json for what is no frame, Errc::payload_too_large for a field or
// frame over its limit (limits.h). The public text says which.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "realtime/protocol/limits.h"
#include "runtime/base/error.h"

namespace chatpad::realtime {

enum class Vsn : uint8_t { v1, v2 };
// Absent means 1.0.0; nullopt for a version nobody speaks.
std::optional<Vsn> vsn_from_query(std::string_view text);

enum class FrameForm : uint8_t { text, binary };
enum class Encoding : uint8_t { raw = 0, json = 1 };

// Views into the frame, or into the Inbound itself (`own`), so it is neither copied nor moved.
struct Inbound {
  std::string_view join_ref = "null";  // raw JSON token
  std::string_view ref = "null";       // raw JSON token
  std::string_view topic;              // with its "realtime:" prefix
  std::string_view event;
  std::string_view payload = "{}";  // raw JSON object; of a binary push: its inner payload
  // Binary pushes (kind 3) only.
  FrameForm form = FrameForm::text;
  Encoding encoding = Encoding::json;
  std::string_view user_event;
  std::string_view metadata;  // raw JSON object or empty

  std::string own[2];

  Inbound() = default;
  Inbound(const Inbound&) = delete;
  Inbound& operator=(const Inbound&) = delete;
};

Result<void> decode_text(Vsn vsn, std::string_view frame, Inbound& out);
Result<void> decode_binary(std::string_view frame, Inbound& out);

// The inside of a text broadcast's payload {"type":"broadcast","event":..,"payload":..}.
struct BroadcastPush {
  std::string event;
  std::string_view payload = "{}";  // raw JSON; {} when the client sent none
};
Result<BroadcastPush> parse_broadcast(std::string_view payload);

// Encoders append the payload of one websocket frame. `ref`, `join_ref` and `payload` are raw JSON.
void encode_message(Vsn vsn, std::string& out, std::string_view join_ref, std::string_view ref,
                    std::string_view topic, std::string_view event, std::string_view payload);

enum class ReplyStatus : uint8_t { ok, error };
// `response` is raw JSON; clients iterate it, so it is an object.
void encode_reply(Vsn vsn, std::string& out, std::string_view join_ref, std::string_view ref,
                  std::string_view topic, ReplyStatus status, std::string_view response);
// {"reason": text} for an error reply.
std::string reason_json(std::string_view reason);
// Payload of a `system` message; `channel` is the topic without its prefix.
std::string system_json(std::string_view extension, ReplyStatus status, std::string_view message,
                        std::string_view channel);

// A broadcast as every subscriber of one topic gets it.
struct BroadcastOut {
  std::string_view topic;  // with its prefix
  std::string_view event;
  std::string_view payload;  // raw JSON, or bytes when encoding is raw
  Encoding encoding = Encoding::json;
  std::string_view meta;  // raw JSON object or empty
};
// True when a frame of this version can carry it: raw bytes need v2, kind 4 needs short fields.
bool can_encode(Vsn vsn, const BroadcastOut& broadcast);
// The form v2 clients get: binary kind 4 (no escaping, the shortest), or text when a field is too
// long for its one length byte. v1 clients always get text.
FrameForm broadcast_form(Vsn vsn, const BroadcastOut& broadcast);
void encode_broadcast(Vsn vsn, std::string& out, const BroadcastOut& broadcast);

}  // namespace chatpad::realtime
