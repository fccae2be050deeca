// The websocket handshake (RFC 6455, section 4.2.1) and the headers of server frames (section 5.2).
//
// check_upgrade() looks at a request that the HTTP parser has accepted already and says whether it
// is exactly a version 13 handshake. switching_protocols() is the answer to it. The frame functions
// write unmasked frames, which are the same for every receiver, so the hub writes each once. Not
// here: Origin, path and token, which the caller decides; subprotocols and extensions, which are
// never negotiated.
//
// Errors: Errc::bad_request; Errc::method_not_allowed for another method than GET;
// Errc::upgrade_required for another version or no websocket upgrade at all.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "runtime/base/error.h"

namespace chatpad::wire {

constexpr size_t kWebsocketKeyChars = 24;     // 16 bytes in base64
constexpr size_t kCloseReasonBytesMax = 123;  // RFC 6455, 5.5: control payloads hold 125
constexpr size_t kFrameHeaderBytesMax = 10;   // server frames carry no mask

struct HeaderField {
  std::string_view name;  // lower case
  std::string_view value;
};

struct UpgradeHead {
  std::string_view method;
  int http_major = 1;
  int http_minor = 1;
  std::span<const HeaderField> headers;
};

struct UpgradeRequest {
  std::string key;
};

Result<UpgradeRequest> check_upgrade(const UpgradeHead& head);

// The answer to a handshake with this key, which comes from check_upgrade.
std::string switching_protocols(std::string_view key);

enum class FrameType : uint8_t { text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

// A whole message in one frame: header for a payload of that size, to be followed by the payload.
void append_frame_header(std::string& out, FrameType type, size_t payload_bytes);
void append_frame(std::string& out, FrameType type, std::string_view payload);
// The reason is cut at kCloseReasonBytesMax, never inside a UTF-8 sequence.
void append_close_frame(std::string& out, uint16_t code, std::string_view reason);

}  // namespace chatpad::wire
