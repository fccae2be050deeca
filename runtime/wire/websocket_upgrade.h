// The websocket handshake (RFC 6455, section 4.2.1) and the headers of server frames (section 5.2).
//
// check_upgrade() looks at a request that the HTTP parser has accepted already and says whether it
// is exactly a version 13 handshake. canonical_request() writes the request that libwebsockets gets
// to see instead of the client's. The frame functions write unmasked frames, which are the same for
// every receiver, so the hub writes each once. Not here: Origin, path and token, which the caller
// decides; the answer 101, which libwebsockets writes; extensions, which are never negotiated.
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

// The minimal handshake with these three values. A host or path with any character that has a
// meaning in HTTP is replaced ("localhost", "/"); `key` comes from check_upgrade.
std::string canonical_request(std::string_view host, std::string_view path, std::string_view key);

enum class FrameType : uint8_t { text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

// A whole message in one frame: header for a payload of that size, to be followed by the payload.
void append_frame_header(std::string& out, FrameType type, size_t payload_bytes);
void append_frame(std::string& out, FrameType type, std::string_view payload);
// The reason is cut at kCloseReasonBytesMax, never inside a UTF-8 sequence.
void append_close_frame(std::string& out, uint16_t code, std::string_view reason);

}  // namespace chatpad::wire
