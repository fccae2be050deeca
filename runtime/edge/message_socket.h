// A websocket whose messages are requests: what its endpoint and the front door agree on.
//
// The endpoint, GET kChatStreamPath, lets a handshake in by answering switching_protocols(); the
// dispatch checks the handshake, takes the socket out of the HTTP server and hands it over. Each
// message comes back to the same endpoint as a request whose body it is (is_socket_message()).
#pragma once

#include <string_view>

#include "runtime/edge/reply.h"
#include "runtime/http/server.h"

namespace chatpad::edge {

constexpr std::string_view kChatStreamPath = "/v1/chat/stream";

// No method of HTTP: the parser lets no request with it in.
constexpr std::string_view kMessageMethod = "MESSAGE";
inline bool is_socket_message(const http::Request& request) {
  return request.method_text == kMessageMethod;
}

constexpr int kSwitchingProtocols = 101;
inline Reply switching_protocols() { return Reply(kSwitchingProtocols, ""); }

}  // namespace chatpad::edge
