// CallState: everything one request holds while a handler works on it. Private to runtime/edge.
// Owned by the Exchange (an Attachment): it ends with the reply or with the client, whichever is
// first.
#pragma once

#include <string>

#include "runtime/edge/call.h"
#include "runtime/edge/dispatch.h"

namespace chatpad::edge {

struct CallState : http::Attachment {
  CallState(Dispatch& owner, http::Exchange& ex, const Route& matched)
      : dispatch(owner), exchange(ex), route(matched) {}
  ~CallState() override;

  Dispatch& dispatch;
  http::Exchange& exchange;
  const Route& route;
  std::string_view parameter;
  std::string address;
  std::string request_id;
  std::string cause;  // of the error that was answered, for the log
  Caller caller;
  RateVerdict rate;  // the one that leaves the caller least
  uint64_t started_us = 0;
  uint64_t db_us = 0;
  bool finished = false;
  bool streaming = false;
  Timer deadline;
  Task<void> task;  // last: destroyed first, while what it uses still stands
};

// Sent with every answer. Credentials are never allowed together with the wildcard: tokens travel
// in headers, so no cookie is needed.
constexpr std::string_view kCorsHeaders =
    "Access-Control-Allow-Origin: *\r\n"
    "Access-Control-Expose-Headers: content-range, content-location, location, x-total-count, "
    "link, "
    "x-supabase-api-version, sb-error-code, x-relay-error, retry-after, server-timing, "
    "x-request-id, x-conversation-id, ratelimit-limit, ratelimit-remaining, ratelimit-reset, "
    "ratelimit-policy, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset\r\n"
    "X-Content-Type-Options: nosniff\r\n";

// The headers that say what is left of a rate; none when nothing was counted.
void append_rate(std::string& headers, const RateVerdict& rate);

// The key of a websocket's handshake: header first, then the query, as supabase-js sends it.
std::string connection_key(const http::Request& request);

std::string_view caller_kind_name(CallerKind kind);

}  // namespace chatpad::edge
