#include "runtime/edge/dispatch.h"

#include <charconv>

#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/edge/api_calls.h"
#include "runtime/edge/call_state.h"
#include "runtime/edge/client_address.h"
#include "runtime/edge/message_socket.h"
#include "runtime/edge/oauth_reply.h"
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

constexpr std::string_view kAuthPath = "/auth/v1/";
constexpr std::string_view kOpenAiChatPath = "/v1/chat/";
constexpr std::string_view kOpenAiModelsPath = "/v1/models";

// Versions are dates; a later one than we know still understands this one.
AuthVersion auth_version(const http::Request& request) {
  return request.header("x-supabase-api-version") >= std::string_view("2024-01-01")
             ? AuthVersion::since_2024
             : AuthVersion::older;
}

std::string_view version_line(const http::Request& request) {
  if (auth_version(request) == AuthVersion::older) return {};
  return "X-Supabase-Api-Version: 2024-01-01\r\n";
}

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

// Nobody counts what the server's operator does with the service key.
const RateClass* rate_of(CallerKind kind) {
  switch (kind) {
    case CallerKind::visitor:
      return &kVisitorRate;
    case CallerKind::user:
      return &kUserRate;
    case CallerKind::api_key:
      return &kKeyRate;
    case CallerKind::anon:
    case CallerKind::service:
      return nullptr;
  }
  return nullptr;
}

std::string_view bytes_of(const Uuid& id) {
  return {reinterpret_cast<const char*>(id.bytes().data()), id.bytes().size()};
}

// Who waits in one line for the database: an account, or a person.
uint64_t lane_of(const Caller& caller) {
  const auto id = caller.account_id ? caller.account_id : Uuid::parse(caller.subject);
  return id ? std::hash<Uuid>()(*id) : 0;
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

void append_field(std::string& out, std::string_view name, uint64_t number) {
  out += name;
  append_number(out, number);
  out += "\r\n";
}

std::string header_block(const CallState& state, const Reply& reply) {
  std::string headers;
  headers.reserve(1024);
  headers += kCorsHeaders;
  if (!reply.bytes().empty()) {
    headers.append("Content-Type: ").append(reply.content_type).append("\r\n");
  }
  if (reply.headers.find("Cache-Control") == std::string::npos) {
    headers += "Cache-Control: no-store\r\n";
  }
  if (state.route.path.starts_with(kAuthPath)) headers += version_line(state.exchange.request());
  headers.append("X-Request-Id: ").append(state.request_id).append("\r\n");
  headers += "Server-Timing: total;dur=";
  append_ms(headers, monotonic_us() - state.started_us);
  headers += ", db;dur=";
  append_ms(headers, state.db_us);
  headers += "\r\n";
  append_rate(headers, state.rate);
  headers += reply.headers;
  return headers;
}

}  // namespace

// As the IETF's draft has them, and as others send them: there the reset is a time.
void append_rate(std::string& headers, const RateVerdict& rate) {
  if (rate.limit == 0) return;
  append_field(headers, "RateLimit-Limit: ", rate.limit);
  append_field(headers, "RateLimit-Remaining: ", rate.remaining);
  append_field(headers, "RateLimit-Reset: ", rate.reset_s);
  headers += "RateLimit-Policy: ";
  append_number(headers, rate.limit);
  append_field(headers, ";w=", rate.window_s);
  append_field(headers, "X-RateLimit-Limit: ", rate.limit);
  append_field(headers, "X-RateLimit-Remaining: ", rate.remaining);
  append_field(headers, "X-RateLimit-Reset: ", static_cast<uint64_t>(wall_s()) + rate.reset_s);
}

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
  if (request.path.starts_with(kAuthPath)) reply.headers += version_line(request);
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
  if (request.path == kTokenEndpoint) return oauth_error_reply(error);
  if (wants_page(request)) return error_page(parts_.context.config(), error, request_id);
  if (request.path == kChatStreamPath) return error_reply(error, request_id);
  if (request.path.starts_with(kOpenAiChatPath) || request.path.starts_with(kOpenAiModelsPath)) {
    return openai_error_reply(error, request_id);
  }
  if (!request.path.starts_with(kAuthPath)) return error_reply(error, request_id);
  return auth_error_reply(error, request_id, auth_version(request));
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
    if (raised.error().errc == Errc::upgrade_required) reply.header("Upgrade", "websocket");
  } catch (const std::exception& escaped) {
    // A library's exception is nobody's expectation: the client learns nothing, the log all.
    state->cause = escaped.what();
    reply = word_error(state->exchange.request(), Error(Errc::internal), state->request_id);
  }
  finish(*state, reply);
}

Task<void> Dispatch::authenticate(CallState* state) {
  if (state->route.path == kTokenEndpoint) co_return;
  Authenticator& authenticator = parts_.context.authenticator();
  const http::Request& request = state->exchange.request();
  Credentials credentials = credentials_of(request).or_raise();
  std::string in_query;
  // Websockets of browsers cannot send headers.
  if (state->route.path == kChatStreamPath && credentials.token.empty() &&
      credentials.api_key.empty()) {
    in_query = connection_key(request);
    credentials = credentials_of("", in_query).or_raise();
  }
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
    const std::string_view agent = request.header("user-agent");
    refuse_in_browser(state->caller, credentials.token, agent).or_raise();
  }
}

// Remembers the verdict that leaves the client least, for the headers of the answer.
void Dispatch::count(CallState& state, std::string_view name, std::string_view label,
                     std::string_view client, uint32_t count, uint32_t window_s) {
  const RateVerdict verdict = parts_.limiter.admit(label, client, count, window_s);
  const bool tightest = state.rate.limit == 0 || verdict.remaining < state.rate.remaining;
  if (verdict.wait_s > 0 || tightest) state.rate = verdict;
  if (verdict.wait_s == 0) return;
  Error error(Errc::too_many_requests);
  error.details = name;
  error.retry_after_s = verdict.wait_s;
  raise(std::move(error));
}

void Dispatch::count(CallState& state, const RateClass& of, std::string_view client) {
  count(state, of.name, of.name, client, of.count, of.window_s);
}

void Dispatch::admit_address(CallState& state) {
  const Rate& rate = state.route.endpoint.rate;
  if (rate.per == Rate::Per::none) return;
  const std::string prefix = address_prefix(state.address);
  count(state, kAddressRate, prefix);
  if (rate.per != Rate::Per::address) return;
  count(state, kEndpointRate, state.route.label, prefix, rate.count, rate.window_s);
}

void Dispatch::admit_caller(CallState& state) {
  const Endpoint& endpoint = state.route.endpoint;
  const Caller& caller = state.caller;
  if (endpoint.auth != Auth::anyone && !allows(endpoint.auth, auth_of(caller.kind))) {
    if (endpoint.auth == Auth::service && state.route.path.starts_with(kAuthPath) &&
        state.exchange.request().header("authorization") != std::string_view()) {
      raise(Errc::not_admin);
    }
    raise(caller.kind == CallerKind::anon ? Errc::no_authorization : Errc::forbidden);
  }
  if (caller.second_factor_due && !state.route.path.starts_with(kAuthPath)) {
    raise(Errc::insufficient_aal);
  }
  require_bound_origin(caller, state.exchange.request().header("origin"));
  state.caller.claims.lane = lane_of(caller);
  if (caller.kind == CallerKind::api_key && caller.account_id) {
    parts_.context.local<ApiCalls>().count(*caller.account_id);
  }
  const Rate& rate = endpoint.rate;
  if (rate.per == Rate::Per::none) return;
  if (rate.per == Rate::Per::caller) {
    const std::string who = caller.subject.empty() ? address_prefix(state.address) : caller.subject;
    count(state, kEndpointRate, state.route.label, who, rate.count, rate.window_s);
  }
  if (caller.rate_per_min > 0) {
    count(state, kOwnKeyRate, kOwnKeyRate, caller.subject, caller.rate_per_min, 60);
  }
  if (const RateClass* of_kind = rate_of(caller.kind)) count(state, *of_kind, caller.subject);
  if (caller.account_id) count(state, kAccountRate, bytes_of(*caller.account_id));
}

// A visitor's token works on the site it was made for and on our own pages. A request without an
// Origin does not come from a page of another site, so there is nothing to protect it from.
void Dispatch::require_bound_origin(const Caller& caller, std::string_view origin) {
  if (caller.kind != CallerKind::visitor || origin.empty() || caller.origin.empty()) return;
  if (wire::same_origin(origin, caller.origin)) return;
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
  if (reply.status == kSwitchingProtocols) return switch_protocols(state);
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

}  // namespace chatpad::edge
