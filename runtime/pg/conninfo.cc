#include "runtime/pg/conninfo.h"

#include <libpq-fe.h>

#include <memory>

namespace chatpad::pg {
namespace {

void append(std::string& out, std::string_view key, std::string_view value) {
  if (!out.empty()) out += ' ';
  out.append(key).append("='");
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  out += '\'';
}

}  // namespace

Result<std::string> as_user(const std::string& conninfo, std::string_view user,
                            std::string_view password) {
  char* problem = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(conninfo.c_str(), &problem), &PQconninfoFree);
  if (!options) {
    PQfreemem(problem);
    return Error(Errc::validation_failed,
                 PublicText("CHATPAD_DATABASE_URL is not a PostgreSQL connection string, such as "
                            "postgresql://postgres:secret@db.internal:5432/chatpad."));
  }
  std::string out;
  for (const PQconninfoOption* option = options.get(); option->keyword; ++option) {
    const std::string_view key = option->keyword;
    if (!option->val || key == "user" || key == "password") continue;
    append(out, key, option->val);
  }
  append(out, "user", user);
  if (!password.empty()) append(out, "password", password);
  return out;
}

}  // namespace chatpad::pg
