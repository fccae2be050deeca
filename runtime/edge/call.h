// Call: one request on its way through a handler. A cheap handle, passed by value; what it refers
// to outlives the handler's coroutine.
//
//   Input input = call.json<Input>();                    // Input::read(wire::Fields&); 400 names
//   the field std::string body = co_await call.db().json(kStatement, pg::Params(input.id));
//   co_return ok(std::move(body));
//
// db() runs under the caller's role and claims: the database decides what the caller may see.
// service() runs as service_role, past row-level security: only for steps that are not the caller's
// own act (writing the assistant's answer).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/coro/task.h"
#include "runtime/edge/caller.h"
#include "runtime/http/server.h"
#include "runtime/pg/pool.h"
#include "runtime/wire/fields.h"

namespace chatpad::edge {

class Context;
struct CallState;

// The database as one caller sees it. Every method but begin() is one flight.
class Db {
 public:
  Db(pg::Pool& pool, const pg::Claims& claims, uint64_t lane, uint64_t* spent_us)
      : pool_(&pool), claims_(&claims), lane_(lane), spent_us_(spent_us) {}
  Task<pg::Rows> rows(pg::Statement statement, pg::Params params) const;
  // The text of the only column of the only row: a JSON document, ready to be a body.
  Task<std::string> json(pg::Statement statement, pg::Params params) const;
  // A transaction of several flights, for what is too large for one; holds a connection meanwhile.
  Task<pg::Transaction> begin(uint32_t timeout_ms) const;

 private:
  pg::Pool* pool_;
  const pg::Claims* claims_;
  uint64_t lane_;
  uint64_t* spent_us_;
};

// A reply that goes out in pieces (SSE). send() is true while the client keeps up; when it is
// false, `co_await stream.drained()` first. Ends when the handler returns streamed().
class Stream {
 public:
  explicit Stream(http::Exchange& exchange) : exchange_(&exchange) {}
  bool send(std::string_view bytes) { return exchange_->write(bytes); }

  class DrainedAwaiter {
   public:
    explicit DrainedAwaiter(http::Exchange& exchange) : exchange_(exchange) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> awaiting) {
      exchange_.when_drained([awaiting] { awaiting.resume(); });
    }
    void await_resume() const noexcept {}

   private:
    http::Exchange& exchange_;
  };
  DrainedAwaiter drained() { return DrainedAwaiter(*exchange_); }

 private:
  http::Exchange* exchange_;
};

class Call {
 public:
  explicit Call(CallState& state) : state_(&state) {}

  const Caller& caller() const;
  Context& context() const;
  const http::Request& request() const;
  std::string_view header(std::string_view name) const { return request().header(name); }
  // The decoded query parameter; raises bad_request when the query is malformed.
  std::optional<std::string> query(std::string_view name) const;
  // The last path segment of an endpoint declared with "/{name}", as received; "a/word/b" of one
  // declared with "/{x}/word/{y}".
  std::string_view path_parameter() const;
  // Address of the client, from X-Forwarded-For only behind a trusted proxy.
  std::string_view client_address() const;
  std::string_view request_id() const;
  std::string_view origin() const { return header("origin"); }

  template <class T>
  T json() const {
    wire::Fields fields = wire::Fields::parse(request().body).or_raise();
    return T::read(fields);
  }

  Db db() const;
  Db service() const;
  Stream start_stream(std::string_view content_type, std::string_view more_headers = {}) const;

 private:
  CallState* state_;
};

}  // namespace chatpad::edge
