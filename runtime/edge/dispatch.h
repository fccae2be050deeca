// Dispatch: the way of every request of one loop.
//
//   preflight -> route -> draining -> credentials -> rate -> may this kind of caller -> handler ->
//   reply
//
// It is one of the three places that catch errors, and the only one that words them for HTTP. A
// client that leaves destroys its CallState and with it the handler's coroutine; a handler that
// outlives the endpoint's deadline is destroyed the same way and answered 504.
#pragma once

#include <functional>
#include <string>

#include "runtime/edge/access_log.h"
#include "runtime/edge/auth.h"
#include "runtime/edge/context.h"
#include "runtime/edge/metrics.h"
#include "runtime/edge/rate_limiter.h"
#include "runtime/edge/rates.h"
#include "runtime/edge/router.h"
#include "runtime/http/server.h"
#include "runtime/wire/websocket_upgrade.h"

namespace chatpad::edge {

// A websocket upgrade that passed every check: the hub's from here on.
struct UpgradedSocket {
  http::DetachedSocket socket;
  std::string key;  // Sec-WebSocket-Key
  std::string host;
  std::string path;
  std::string vsn;  // "1.0.0" or "2.0.0"
  std::string peer;
  std::string origin;
  Caller caller;
  std::string bearer;  // the API key or token that its messages act with; empty: it is the hub's
};
using UpgradeHandler = std::function<void(UpgradedSocket)>;

constexpr std::string_view kWebsocketPath = "/realtime/v1/websocket";
// New sockets per address prefix in ten seconds.
constexpr uint32_t kConnectsPerWindow = 600;

struct CallState;

class Dispatch : public http::Handler {
 public:
  struct Parts {
    Context& context;
    const Router& router;
    RateLimiter& limiter;
    RequestCounters& counters;
    UpgradeHandler upgrade;
  };
  explicit Dispatch(Parts parts);
  Context& parts_context() { return parts_.context; }

  size_t on_head(http::Exchange& exchange) override;
  void on_request(http::Exchange& exchange) override;
  Refusal on_refused(int status, std::string_view code, std::string_view origin) override;

 private:
  friend struct CallState;
  friend class Call;
  void preflight(http::Exchange& exchange);
  void unrouted(http::Exchange& exchange, const Router::Match& match);
  void upgrade(http::Exchange& exchange);
  // A websocket of requests (message_socket.h) that its endpoint has let in.
  void switch_protocols(CallState& state);
  // As JSON, or as a page for a person's browser.
  Reply word_error(const http::Request& request, const Error& error, std::string_view request_id);
  static Result<wire::UpgradeRequest> check_upgrade(const http::Request& request);
  void start(http::Exchange& exchange, const Router::Match& match);
  Task<void> run(CallState* state);
  Task<void> authenticate(CallState* state);
  void count(CallState& state, std::string_view name, std::string_view label,
             std::string_view client, uint32_t count, uint32_t window_s);
  void count(CallState& state, const RateClass& of, std::string_view client);
  void admit_address(CallState& state);
  void admit_caller(CallState& state);
  void require_bound_origin(const Caller& caller, std::string_view origin);
  void finish(CallState& state, const Reply& reply);
  void on_deadline(CallState& state);
  void record(CallState& state, int status);
  std::string next_request_id();

  Parts parts_;
  AccessLog access_log_;
  std::string request_id_prefix_;
  uint64_t request_count_ = 0;
};

}  // namespace chatpad::edge
