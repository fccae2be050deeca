#include "runtime/wire/websocket_upgrade.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "runtime/base/check.h"
#include "runtime/wire/crypto.h"

namespace chatpad::wire {
namespace {

constexpr size_t kKeyBytes = 16;
constexpr size_t kControlPayloadBytesMax = 125;

Error refused(const char* sentence) { return Error(Errc::bad_request, PublicText(sentence)); }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

struct Found {
  int count = 0;
  std::string_view value;  // of the last one, without surrounding blanks
};

Found find(std::span<const HeaderField> headers, std::string_view name) {
  Found found;
  for (const HeaderField& header : headers) {
    if (!equals_ignoring_case(header.name, name)) continue;
    ++found.count;
    found.value = trim(header.value);
  }
  return found;
}

// Connection is a list, and may be spread over several lines ("keep-alive, Upgrade").
bool connection_says_upgrade(std::span<const HeaderField> headers) {
  for (const HeaderField& header : headers) {
    if (!equals_ignoring_case(header.name, "connection")) continue;
    std::string_view rest = header.value;
    for (;;) {
      const size_t comma = rest.find(',');
      if (equals_ignoring_case(trim(rest.substr(0, comma)), "upgrade")) return true;
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return false;
}

}  // namespace

Result<UpgradeRequest> check_upgrade(const UpgradeHead& head) {
  if (head.method != "GET") return Error(Errc::method_not_allowed);
  if (head.http_major != 1 || head.http_minor != 1) return refused("A websocket needs HTTP/1.1.");
  const Found upgrade = find(head.headers, "upgrade");
  if (upgrade.count == 0) return Error(Errc::upgrade_required);
  // Neither "h2c, websocket" nor two headers: one reading only.
  if (upgrade.count != 1 || !equals_ignoring_case(upgrade.value, "websocket")) {
    return refused("Upgrade must be websocket.");
  }
  if (!connection_says_upgrade(head.headers)) return refused("Connection must name upgrade.");
  if (find(head.headers, "host").count != 1) return refused("Send one Host header.");
  if (find(head.headers, "transfer-encoding").count != 0)
    return refused("A handshake has no body.");
  const Found length = find(head.headers, "content-length");
  if (length.count != 0 && (length.count != 1 || length.value != "0")) {
    return refused("A handshake has no body.");
  }
  const Found version = find(head.headers, "sec-websocket-version");
  if (version.count != 1 || version.value != "13") return Error(Errc::upgrade_required);
  const Found key = find(head.headers, "sec-websocket-key");
  const auto bytes = key.value.size() == kWebsocketKeyChars ? base64_decode(key.value)
                                                            : std::optional<std::string>();
  if (key.count != 1 || !bytes || bytes->size() != kKeyBytes) {
    return refused("Sec-WebSocket-Key must be 16 bytes in base64.");
  }
  return UpgradeRequest{std::string(key.value)};
}

std::string switching_protocols(std::string_view key) {
  CHECK(key.size() == kWebsocketKeyChars, "the key was checked");
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, 20> digest{};
  CHECK(EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha1(), nullptr) == 1,
        "OpenSSL provides SHA-1");
  const std::string_view bytes(reinterpret_cast<const char*>(digest.data()), digest.size());
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
         base64_encode(bytes) + "\r\n\r\n";
}

void append_frame_header(std::string& out, FrameType type, size_t payload_bytes) {
  const bool control = static_cast<uint8_t>(type) >= 8;
  CHECK(!control || payload_bytes <= kControlPayloadBytesMax, "control frames are small");
  out += static_cast<char>(0x80 | static_cast<uint8_t>(type));
  const auto put_size = [&](int bytes) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
      out += static_cast<char>((static_cast<uint64_t>(payload_bytes) >> shift) & 255);
    }
  };
  if (payload_bytes <= 125) {
    put_size(1);
  } else if (payload_bytes <= 0xffff) {
    out += static_cast<char>(126);
    put_size(2);
  } else {
    out += static_cast<char>(127);
    put_size(8);
  }
}

void append_frame(std::string& out, FrameType type, std::string_view payload) {
  append_frame_header(out, type, payload.size());
  out.append(payload);
}

void append_close_frame(std::string& out, uint16_t code, std::string_view reason) {
  size_t size = std::min(reason.size(), kCloseReasonBytesMax);
  // Back to the start of the sequence that would be cut.
  while (size > 0 && size < reason.size() &&
         (static_cast<unsigned char>(reason[size]) & 0xc0) == 0x80) {
    --size;
  }
  append_frame_header(out, FrameType::close, size + 2);
  out += static_cast<char>(code >> 8);
  out += static_cast<char>(code & 255);
  out.append(reason.substr(0, size));
}

}  // namespace chatpad::wire
