#include "runtime/pg/types.h"

#include <libpq-fe.h>

namespace chatpad::pg {

std::string_view role_name(Role role) {
  switch (role) {
    case Role::none:
      return "none";
    case Role::anon:
      return "anon";
    case Role::visitor:
      return "visitor";
    case Role::authenticated:
      return "authenticated";
    case Role::api_key:
      return "api_key";
    case Role::service_role:
      return "service_role";
  }
  return "none";
}

void Rows::Free::operator()(PGresult* result) const { PQclear(result); }

Rows::Rows(PGresult* result) : result_(result), size_(result ? PQntuples(result) : 0) {}

bool Rows::is_null(int row, int column) const {
  return PQgetisnull(result_.get(), row, column) != 0;
}

std::string_view Rows::text(int row, int column) const {
  const char* value = PQgetvalue(result_.get(), row, column);
  if (!value) return {};
  return {value, static_cast<size_t>(PQgetlength(result_.get(), row, column))};
}

int64_t Rows::integer(int row, int column) const {
  const std::string_view digits = text(row, column);
  int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

int64_t Rows::affected() const {
  if (!result_) return 0;
  const std::string_view digits = PQcmdTuples(result_.get());
  int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

const Claims& service_claims() {
  static const Claims claims{Role::service_role, R"({"role":"service_role"})"};
  return claims;
}

}  // namespace chatpad::pg
