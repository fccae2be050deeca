#include "runtime/edge/call.h"

#include "runtime/base/check.h"
#include "runtime/base/clock.h"
#include "runtime/edge/call_state.h"
#include "runtime/wire/url.h"

namespace chatpad::edge {
namespace {

Task<pg::Rows> timed(pg::Pool* pool, pg::Claims claims, pg::Statement statement, pg::Params params,
                     uint64_t lane, uint64_t* spent_us) {
  const uint64_t start = monotonic_us();
  claims.lane = lane;
  pg::Rows rows = co_await pool->once(std::move(claims), statement, std::move(params));
  *spent_us += monotonic_us() - start;
  co_return rows;
}

Task<std::string> only_text(Task<pg::Rows> query) {
  pg::Rows rows = co_await std::move(query);
  if (rows.size() != 1 || rows.is_null(0, 0)) raise(Errc::not_found);
  co_return rows.str(0, 0);
}

}  // namespace

Task<pg::Rows> Db::rows(pg::Statement statement, pg::Params params) const {
  return timed(pool_, *claims_, statement, std::move(params), lane_, spent_us_);
}

Task<std::string> Db::json(pg::Statement statement, pg::Params params) const {
  return only_text(rows(statement, std::move(params)));
}

Task<pg::Transaction> Db::begin(uint32_t timeout_ms) const {
  pg::Claims claims = *claims_;
  claims.lane = lane_;
  return pool_->begin(std::move(claims), timeout_ms);
}

const Caller& Call::caller() const { return state_->caller; }
Context& Call::context() const { return state_->dispatch.parts_context(); }
const http::Request& Call::request() const { return state_->exchange.request(); }
std::string_view Call::path_parameter() const { return state_->parameter; }
std::string_view Call::client_address() const { return state_->address; }
std::string_view Call::request_id() const { return state_->request_id; }

std::optional<std::string> Call::query(std::string_view name) const {
  const wire::Query query = wire::Query::parse(request().query).or_raise();
  const auto value = query.get(name);
  return value ? std::optional<std::string>(*value) : std::nullopt;
}

// The service key's role can be taken by the service's login only.
Db Call::db() const {
  const pg::Claims& claims = state_->caller.claims;
  const bool service = claims.role == pg::Role::service_role;
  return Db(service ? context().service_pool() : context().pool(), claims, claims.lane,
            &state_->db_us);
}

// Past the policies, but in the caller's turn.
Db Call::service() const {
  return Db(context().service_pool(), pg::service_claims(), state_->caller.claims.lane,
            &state_->db_us);
}

Stream Call::start_stream(std::string_view content_type, std::string_view more_headers) const {
  std::string headers(kCorsHeaders);
  headers.append("Content-Type: ").append(content_type);
  headers.append("\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\nX-Request-Id: ");
  headers.append(state_->request_id).append("\r\n").append(more_headers);
  append_rate(headers, state_->rate);
  state_->streaming = true;
  state_->exchange.start_stream(200, headers);
  return Stream(state_->exchange);
}

}  // namespace chatpad::edge
