#include "runtime/edge/dispatch.h"

#include <algorithm>
#include <charconv>

#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/edge/call_state.h"
#include "runtime/edge/page.h"
#include "runtime/wire/own_origin.h"
#include "runtime/wire/url.h"

namespace chatpad::edge {
namespace {

constexpr std::string_view kPreflightHeaders =
    "Access-Control-Allow-Origin: *\r\n"
    "Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"
    "Access-Control-Allow-Headers: authorization, x-client-info, apikey, content-type, "
    "x-retry-count, traceparent, tracestate, baggage, accept-profile, content-profile, prefer, "
    "range, x-upsert, x-metadata, cache-control, x-supabase-api-version, x-region, "
    "idempotency-key, "
    "last-event-id\r\n"
    "Access-Control-Max-Age: 86400\r\n";

constexpr size_t kUnroutedBodyBytesMax = 64 * 1024;

Auth auth_of(CallerKind kind) {
  switch (kind) {
    case CallerKind::anon:
      return Auth::anyone;
    case CallerKind::visitor:
      return Auth::visitor;
    case CallerKind::user:
      return Auth::user;
    case CallerKind::api_key:
      return Auth::api_key;
    case CallerKind::service:
      return Auth::service;
  }
  return Auth::anyone;
}

void append_number(std::string& out, uint64_t number, int base = 10) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number, base).ptr);
}

// Milliseconds with two decimals; printf is ten times slower at it.
void append_ms(std::string& out, uint64_t us) {
  append_number(out, us / 1000);
  const auto hundredths = static_cast<char>(us % 1000 / 10);
  const char decimals[] = {'.', static_cast<char>('0' + hundredths / 10),
                           static_cast<char>('0' + hundredths % 10)};
  out.append(decimals, sizeof decimals);
}

std::string header_block(const CallState& state, const Reply& reply) {
  std::string headers;
  headers.reserve(768);
  headers += kCorsHeaders;
  if (!reply.bytes().empty()) {
    headers.append("Content-Type: ").append(reply.content_type).append("\r\n");
  }
  if (reply.headers.find("Cache-Control") == std::string::npos) {
    headers += "Cache-Control: no-store\r\n";
  }
  if (state.route.path.starts_with("/auth/v1/")) {
    headers += "X-Supabase-Api-Version: 2024-01-01\r\n";
  }
  headers.append("X-Request-Id: ").append(state.request_id).append("\r\n");
  headers += "Server-Timing: total;dur=";
  append_ms(headers, monotonic_us() - state.started_us);
  headers += ", db;dur=";
  append_ms(headers, state.db_us);
  headers += "\r\n";
  headers += reply.headers;
  return headers;
}

}  // namespace

std::string_view caller_kind_name(CallerKind kind) {
  constexpr std::string_view kNames[] = {"anon", "visitor", "user", "api_key", "service"};
  return kNames[static_cast<size_t>(kind)];
}

CallState::~CallState() {
  deadline.stop();
  // 499: the client left before it was answered.
  if (!finished) dispatch.record(*this, 499);
}

Dispatch::Dispatch(Parts parts)
    : parts_(std::move(parts)),
      access_log_(parts_.context.loop(), parts_.context.config().log_level <= LogLevel::info) {
  request_id_prefix_ = Uuid::random().str().substr(0, 13);
  request_id_prefix_.erase(8, 1);
}

std::string Dispatch::next_request_id() {
  std::string id = request_id_prefix_;
  id += '-';
  append_number(id, ++request_count_, 16);
  return id;
}

size_t Dispatch::on_head(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  const Router::Match match = parts_.router.find(request.method, request.path);
  return match.route ? match.route->endpoint.body_bytes_max : kUnroutedBodyBytesMax;
}

void Dispatch::on_request(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  if (request.method == http::Method::options) return preflight(exchange);
  if (request.path == kWebsocketPath) return upgrade(exchange);
  const Router::Match match = parts_.router.find(request.method, request.path);
  if (!match.route) return unrouted(exchange, match);
  start(exchange, match);
}

void Dispatch::preflight(http::Exchange& exchange) {
  const uint64_t start_us = monotonic_us();
  const http::Request& request = exchange.request();
  const std::string request_id = next_request_id();
  exchange.reply(204, kPreflightHeaders, "");
  const uint64_t spent_us = monotonic_us() - start_us;
  parts_.counters.count(parts_.router.routes().size(), 204, spent_us);
  access_log_.add({request.method_text, request.path, 204, spent_us, 0, "anon",
                   client_address(request, parts_.context.config()), request_id, ""});
}

void Dispatch::unrouted(http::Exchange& exchange, const Router::Match& match) {
  const http::Request& request = exchange.request();
  const std::string request_id = next_request_id();
  const Errc errc = match.path_known ? Errc::method_not_allowed : Errc::route_not_found;
  Reply reply = word_error(request, Error(errc), request_id);
  if (match.path_known) reply.header("Allow", match.allow);
  std::string headers(kCorsHeaders);
  headers.append("Content-Type: ").append(reply.content_type);
  headers.append("\r\nCache-Control: no-store\r\nX-Request-Id: ").append(request_id);
  headers.append("\r\n").append(reply.headers);
  parts_.counters.count(parts_.router.routes().size(), reply.status, 0);
  access_log_.add({request.method_text, request.path, reply.status, 0, 0, "anon",
                   client_address(request, parts_.context.config()), request_id, ""});
  exchange.reply(reply.status, headers, reply.body);
}

Reply Dispatch::word_error(const http::Request& request, const Error& error,
                           std::string_view request_id) {
  if (wants_page(request)) return error_page(parts_.context.config(), error, request_id);
  return error_reply(error, request_id);
}

http::Handler::Refusal Dispatch::on_refused(int status, std::string_view code, std::string_view) {
  const Errc errc = errc_from_code(code).value_or(Errc::bad_request);
  Reply reply = error_reply(Error(errc), next_request_id());
  parts_.counters.count(parts_.router.routes().size(), status, 0);
  Refusal refusal;
  refusal.headers = std::string(kCorsHeaders);
  refusal.headers += "Content-Type: application/json; charset=utf-8\r\nCache-Control: no-store\r\n";
  refusal.headers += reply.headers;
  refusal.body = std::move(reply.body);
  return refusal;
}

void Dispatch::start(http::Exchange& exchange, const Router::Match& match) {
  auto owned = std::make_unique<CallState>(*this, exchange, *match.route);
  CallState* state = owned.get();
  state->started_us = monotonic_us();
  state->parameter = match.parameter;
  state->request_id = next_request_id();
  state->address = client_address(exchange.request(), parts_.context.config());
  exchange.attach(std::move(owned));
  state->deadline.start(parts_.context.loop(), match.route->endpoint.deadline_ms,
                        [this, state] { on_deadline(*state); });
  state->task = run(state);
  state->task.start(std::noop_coroutine());
}

Task<void> Dispatch::run(CallState* state) {
  Reply reply;
  try {
    admit_address(*state);
    co_await authenticate(state);
    admit_caller(*state);
    reply = co_await state->route.endpoint.handle(Call(*state));
  } catch (const Raised& raised) {
    state->cause = raised.error().cause.value;
    reply = word_error(state->exchange.request(), raised.error(), state->request_id);
  } catch (const std::exception& escaped) {
    // A library's exception is nobody's expectation: the client learns nothing, the log all.
    state->cause = escaped.what();
    reply = word_error(state->exchange.request(), Error(Errc::internal), state->request_id);
  }
  finish(*state, reply);
}

Task<void> Dispatch::authenticate(CallState* state) {
  Authenticator& authenticator = parts_.context.authenticator();
  const Credentials credentials = credentials_of(state->exchange.request()).or_raise();
  if (!credentials.api_key.empty()) {
    const Caller* known = authenticator.cached_key(credentials.api_key);
    if (known) {
      state->caller = *known;
    } else {
      std::string key(credentials.api_key);
      state->caller = co_await authenticator.look_up(std::move(key));
    }
  } else if (!credentials.token.empty()) {
    state->caller = authenticator.verify(credentials.token).or_raise();
  }
}

void Dispatch::admit_address(CallState& state) {
  const Rate& rate = state.route.endpoint.rate;
  if (rate.per != Rate::Per::address) return;
  const int wait_s = parts_.limiter.check(state.route.label, address_prefix(state.address),
                                          rate.count, rate.window_s);
  if (wait_s == 0) return;
  Error error(Errc::too_many_requests);
  error.retry_after_s = wait_s;
  raise(std::move(error));
}

void Dispatch::admit_caller(CallState& state) {
  const Endpoint& endpoint = state.route.endpoint;
  const Caller& caller = state.caller;
  if (endpoint.auth != Auth::anyone && !allows(endpoint.auth, auth_of(caller.kind))) {
    raise(caller.kind == CallerKind::anon ? Errc::no_authorization : Errc::forbidden);
  }
  if (caller.kind == CallerKind::visitor) require_bound_origin(state);
  if (caller.rate_per_min > 0) admit_key(caller);
  if (endpoint.rate.per != Rate::Per::caller) return;
  const std::string who = caller.subject.empty() ? address_prefix(state.address) : caller.subject;
  const int wait_s =
      parts_.limiter.check(state.route.label, who, endpoint.rate.count, endpoint.rate.window_s);
  if (wait_s == 0) return;
  Error error(Errc::too_many_requests);
  error.retry_after_s = wait_s;
  raise(std::move(error));
}

// A key's own limit, over all endpoints together.
void Dispatch::admit_key(const Caller& caller) {
  const int wait_s = parts_.limiter.check("api_key", caller.subject, caller.rate_per_min, 60);
  if (wait_s == 0) return;
  Error error(Errc::too_many_requests,
              PublicText("The API key's own limit is reached; wait as long as Retry-After says."));
  error.retry_after_s = wait_s;
  raise(std::move(error));
}

// A visitor's token works on the site it was made for and on our own pages. A request without an
// Origin does not come from a page of another site, so there is nothing to protect it from.
void Dispatch::require_bound_origin(const CallState& state) {
  const std::string_view origin = state.exchange.request().header("origin");
  if (origin.empty() || state.caller.origin.empty()) return;
  if (wire::same_origin(origin, state.caller.origin)) return;
  if (wire::is_own_origin(origin, parts_.context.config().public_url)) return;
  raise(Errc::origin_not_allowed);
}

void Dispatch::on_deadline(CallState& state) {
  state.task = Task<void>();
  state.cause = "the endpoint's deadline passed";
  if (state.streaming) {
    state.finished = true;
    record(state, 504);
    state.exchange.finish_stream();
    return;
  }
  finish(state,
         word_error(state.exchange.request(), Error(Errc::deadline_exceeded), state.request_id));
}

void Dispatch::finish(CallState& state, const Reply& reply) {
  state.finished = true;
  state.deadline.stop();
  if (state.streaming) {
    record(state, reply.streamed ? 200 : reply.status);
    state.exchange.finish_stream();
    return;
  }
  record(state, reply.status);
  if (reply.status >= 500) {
    log::Line(LogLevel::error, "request_failed")
        .field("endpoint", state.route.label)
        .field("status", reply.status)
        .field("error_id", state.request_id)
        .field("cause", state.cause);
  }
  state.exchange.reply(reply.status, header_block(state, reply), reply.bytes());
}

void Dispatch::record(CallState& state, int status) {
  const uint64_t spent_us = monotonic_us() - state.started_us;
  parts_.counters.count(state.route.index, status, spent_us);
  // Not the request's own text: when the client has left, its buffers are gone.
  access_log_.add({http::method_name(state.route.endpoint.method), state.route.path, status,
                   spent_us, state.db_us, caller_kind_name(state.caller.kind), state.address,
                   state.request_id, state.cause});
}

std::string_view client_address(const http::Request& request, const Config& config) {
  const auto trusted = [&config](std::string_view address) {
    return std::find(config.trusted_proxies.begin(), config.trusted_proxies.end(), address) !=
           config.trusted_proxies.end();
  };
  std::string_view address = request.peer;
  std::string_view forwarded = request.header("x-forwarded-for");
  while (trusted(address) && !forwarded.empty()) {
    const size_t comma = forwarded.rfind(',');
    std::string_view last =
        comma == std::string_view::npos ? forwarded : forwarded.substr(comma + 1);
    forwarded = comma == std::string_view::npos ? std::string_view() : forwarded.substr(0, comma);
    while (!last.empty() && last.front() == ' ') last.remove_prefix(1);
    while (!last.empty() && last.back() == ' ') last.remove_suffix(1);
    if (last.empty()) break;
    address = last;
  }
  return address;
}

std::string address_prefix(std::string_view address) {
  if (address.find(':') == std::string_view::npos) return std::string(address);
  // The first four groups: what one subscriber usually gets.
  size_t end = 0;
  for (int groups = 0; groups < 4; ++groups) {
    const size_t colon = address.find(':', end);
    if (colon == std::string_view::npos) return std::string(address);
    end = colon + 1;
  }
  return std::string(address.substr(0, end));
}

}  // namespace chatpad::edge
