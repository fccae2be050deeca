// Errors: one closed list of codes, one table that says what each means to a client, and the
// two ways to carry one: `Result<T>` out of pure code, `raise()` out of coroutines.
//
// What the client may read (`PublicText`) and what only the log may read (`LogText`) are different
// types, so an internal text cannot reach a reply by accident.
//
// `Raised` is caught where a piece of work has its border: the request dispatch, a realtime
// channel, a running answer, the housekeeping, the program's commands. A bug is not an error: it
// ends the program through CHECK (check.h).
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "runtime/base/errc.h"

namespace chatpad {

enum class LogLevel : uint8_t { debug, info, warn, error };

// One row of the error table. `retry` is the advice a client gets: whether the same request may
// succeed later without being changed.
struct ErrorInfo {
  Errc errc;
  std::string_view code;  // stable, snake_case, part of the API
  int http_status;
  bool retry;
  LogLevel level;
  std::string_view hint;  // one sentence a person can act on; also the row of docs/errors.md
};

const ErrorInfo& error_info(Errc errc);
std::span<const ErrorInfo> error_table();
// The code a SQL function raised (private.fail) back to its row, if it is one.
std::optional<Errc> errc_from_code(std::string_view code);

// Text a client may read: never SQL, ids of others, paths or tokens.
struct PublicText {
  std::string value;
  PublicText() = default;
  explicit PublicText(std::string text) : value(std::move(text)) {}
};

struct LogText {  // for the log only
  std::string value;
  LogText() = default;
  explicit LogText(std::string text) : value(std::move(text)) {}
};

struct Error {
  Errc errc = Errc::internal;
  PublicText message;  // empty: the table's hint is sent
  LogText cause;
  std::string details;    // public; e.g. the name of the field that is wrong
  int retry_after_s = 0;  // > 0: sent as Retry-After
  std::string more;       // public: further members of the body, as JSON without its braces
  Error() = default;
  explicit Error(Errc code) : errc(code) {}
  Error(Errc code, PublicText text) : errc(code), message(std::move(text)) {}
  Error(Errc code, PublicText text, LogText why)
      : errc(code), message(std::move(text)), cause(std::move(why)) {}
};

class Raised : public std::exception {
 public:
  explicit Raised(Error error) : error_(std::move(error)) {}
  const Error& error() const { return error_; }
  const char* what() const noexcept override;

 private:
  Error error_;
};

[[noreturn]] void raise(Error error);
[[noreturn]] void raise(Errc errc, PublicText message = {}, LogText cause = {});

// A value or an Error. Pure code returns it; `or_raise()` is the bridge into a coroutine.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  const Error& error() const { return std::get<1>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T or_raise() && {
    if (!ok()) raise(std::get<1>(std::move(state_)));
    return std::get<0>(std::move(state_));
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return *error_; }
  void or_raise() && {
    if (error_) raise(std::move(*error_));
  }

 private:
  std::optional<Error> error_;
};

}  // namespace chatpad
