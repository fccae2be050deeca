// The vocabulary of the database layer: who asks (Claims), what is asked (Statement, Params) and
// what came back (Rows). No I/O.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/uuid.h"

typedef struct pg_result PGresult;

namespace chatpad::pg {

// The closed list of database roles a request may run under. `none` sends no role switch: only for
// the few functions granted to the login roles themselves.
enum class Role : uint8_t { none, anon, visitor, authenticated, api_key, service_role };
std::string_view role_name(Role role);

// Sent as set_config('role', ..., true) and set_config('request.jwt.claims', ..., true) at the head
// of every flight. `json` is the verified token's claims object, or one the program built.
struct Claims {
  Role role = Role::anon;
  std::string json = R"({"role":"anon"})";
  // Not sent: whose turn it is when flights wait for a connection (fair_queue.h), one number per
  // account or person. 0: everybody who has none.
  uint64_t lane = 0;
};

// The program acting for itself, past row-level security.
const Claims& service_claims();

// `name` is a stable identifier: prepared-statement name (together with the role), metrics label
// and log field. `sql` is a literal with $1.. parameters; no text of a caller is ever part of it.
struct Statement {
  std::string_view name;
  std::string_view sql;
};

// Text-format parameters. Params("a", 3, uuid, optional_text)
class Params {
 public:
  template <class... T>
  explicit Params(T&&... values) {
    values_.reserve(sizeof...(T));
    (add(std::forward<T>(values)), ...);
  }
  size_t size() const { return values_.size(); }
  const std::vector<std::optional<std::string>>& values() const { return values_; }

  void add(std::string value) { values_.emplace_back(std::move(value)); }
  void add(std::string_view value) { values_.emplace_back(std::string(value)); }
  void add(const char* value) { values_.emplace_back(std::string(value)); }
  void add(const Uuid& value) { values_.emplace_back(value.str()); }
  void add(std::nullopt_t) { values_.emplace_back(std::nullopt); }
  void add(std::same_as<bool> auto value) { values_.emplace_back(value ? "t" : "f"); }
  template <std::integral T>
  requires(!std::same_as<T, bool>) void add(T value) {
    values_.emplace_back(std::to_string(value));
  }
  template <class T>
  void add(const std::optional<T>& value) {
    if (value) {
      add(*value);
    } else {
      values_.emplace_back(std::nullopt);
    }
  }

 private:
  std::vector<std::optional<std::string>> values_;
};

// One of several questions that travel in one flight, under its own claims.
struct Ask {
  Claims claims;
  Statement statement;
  std::shared_ptr<const Params> params;  // asks may share them
};

// The rows of one statement, owning the libpq result. Movable; views into it live as long as it.
class Rows {
 public:
  Rows() = default;
  explicit Rows(PGresult* result);

  int size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool is_null(int row, int column) const;
  // Empty for NULL.
  std::string_view text(int row, int column) const;
  std::string str(int row, int column) const { return std::string(text(row, column)); }
  bool boolean(int row, int column) const { return text(row, column) == "t"; }
  int64_t integer(int row, int column) const;  // 0 for NULL
  std::optional<Uuid> uuid(int row, int column) const { return Uuid::parse(text(row, column)); }
  // Rows touched by INSERT/UPDATE/DELETE.
  int64_t affected() const;

 private:
  struct Free {
    void operator()(PGresult* result) const;
  };
  std::unique_ptr<PGresult, Free> result_;
  int size_ = 0;
};

}  // namespace chatpad::pg
