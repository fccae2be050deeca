// The websocket half of Dispatch: everything that is checked before a socket leaves HTTP.
#include "runtime/edge/call_state.h"
#include "runtime/edge/client_address.h"
#include "runtime/edge/message_socket.h"
#include "runtime/wire/url.h"
#include "runtime/wire/websocket_upgrade.h"

namespace chatpad::edge {
namespace {

std::optional<std::string> query_value(const http::Request& request, std::string_view name) {
  const wire::Query query = wire::Query::parse(request.query).or_raise();
  const auto value = query.get(name);
  return value ? std::optional<std::string>(*value) : std::nullopt;
}

}  // namespace

std::string connection_key(const http::Request& request) {
  for (const std::string_view name : {"x-api-key", "apikey"}) {
    if (!request.header(name).empty()) return std::string(request.header(name));
  }
  return query_value(request, "apikey").value_or("");
}

void Dispatch::upgrade(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  try {
    if (!request.wants_upgrade) raise(Errc::upgrade_required);
    wire::UpgradeRequest checked = check_upgrade(request).or_raise();
    const std::string key = connection_key(request);
    if (key.empty()) raise(Errc::no_authorization);
    UpgradedSocket socket;
    socket.caller = parts_.context.authenticator().verify(key).or_raise();
    refuse_in_browser(socket.caller, key, request.header("user-agent")).or_raise();
    require_bound_origin(socket.caller, request.header("origin"));
    socket.vsn = query_value(request, "vsn").value_or("1.0.0");
    if (socket.vsn != "1.0.0" && socket.vsn != "2.0.0") {
      raise(Errc::bad_request, PublicText("vsn must be 1.0.0 or 2.0.0."));
    }
    const std::string address(client_address(request, parts_.context.config()));
    const int wait_s =
        parts_.limiter.check("realtime.connect", address_prefix(address), kConnectsPerWindow, 10);
    if (wait_s > 0) {
      Error error(Errc::too_many_requests);
      error.retry_after_s = wait_s;
      raise(std::move(error));
    }
    socket.key = std::move(checked.key);
    socket.host = std::string(request.header("host"));
    socket.path = std::string(request.path);
    socket.origin = std::string(request.header("origin"));
    socket.peer = address;
    const std::string request_id = next_request_id();
    parts_.counters.count(parts_.router.routes().size(), 101, 0);
    access_log_.add({"GET", kWebsocketPath, 101, 0, 0, caller_kind_name(socket.caller.kind),
                     address, request_id, ""});
    socket.socket = exchange.detach();
    parts_.upgrade(std::move(socket));
  } catch (const Raised& raised) {
    const std::string request_id = next_request_id();
    const Reply reply = error_reply(raised.error(), request_id);
    std::string headers(kCorsHeaders);
    headers += "Content-Type: application/json; charset=utf-8\r\n";
    headers += reply.headers;
    if (reply.status == 426) headers += "Upgrade: websocket\r\n";
    parts_.counters.count(parts_.router.routes().size(), reply.status, 0);
    access_log_.add({"GET", kWebsocketPath, reply.status, 0, 0, "anon", request.peer, request_id,
                     raised.error().cause.value});
    exchange.reply_and_close(reply.status, headers, reply.body);
  }
}

void Dispatch::switch_protocols(CallState& state) {
  const http::Request& request = state.exchange.request();
  const Result<wire::UpgradeRequest> checked = check_upgrade(request);
  if (!checked) return finish(state, word_error(request, checked.error(), state.request_id));
  const Credentials credentials = credentials_of(request).or_raise();
  UpgradedSocket socket;
  socket.bearer = credentials.api_key.empty() ? credentials.token : credentials.api_key;
  if (socket.bearer.empty()) socket.bearer = connection_key(request);
  socket.key = checked->key;
  socket.path = std::string(request.path);
  socket.origin = std::string(request.header("origin"));
  socket.peer = state.address;
  record(state, kSwitchingProtocols);
  socket.socket = state.exchange.detach();
  parts_.upgrade(std::move(socket));
}

Result<wire::UpgradeRequest> Dispatch::check_upgrade(const http::Request& request) {
  std::vector<wire::HeaderField> headers;
  for (const http::Header& header : request.headers) headers.push_back({header.name, header.value});
  return wire::check_upgrade({request.method_text, 1, request.http_1_0 ? 0 : 1, headers});
}

}  // namespace chatpad::edge
