#include "runtime/pg/sqlstate.h"

#include <libpq-fe.h>

#include <charconv>
#include <string>

namespace chatpad::pg {
namespace {

std::string_view field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text ? std::string_view(text) : std::string_view();
}

// libpq ends its messages with a line feed and may append several lines.
std::string first_line(const char* text) {
  const std::string_view all = text ? text : "";
  return std::string(all.substr(0, all.find('\n')));
}

}  // namespace

Errc errc_from_sqlstate(std::string_view s) {
  const std::string_view family = s.substr(0, 2);
  if (s == "23505" || s == "23503" || s == "23P01") return Errc::conflict;
  if (s == "23502" || s == "23514" || family == "22") return Errc::validation_failed;
  if (family == "40" || s == "55P03") return Errc::conflict;
  if (s == "42501") return Errc::forbidden;
  if (s == "57014" || s == "25P03") return Errc::deadline_exceeded;
  if (family == "08" || s.substr(0, 3) == "57P" || s == "53300" || s == "25006" || family == "28" ||
      s == "3D000") {
    return Errc::database_unavailable;
  }
  if (family == "53" || s == "54001") return Errc::overloaded;
  return Errc::internal;
}

Error error_from_fields(std::string_view sqlstate, std::string_view message,
                        std::string_view detail, std::string_view hint) {
  std::string cause(sqlstate);
  cause += ' ';
  cause += message;
  if (sqlstate == "CP000") {
    const std::optional<Errc> errc = errc_from_code(detail);
    if (!errc) {
      cause += " (unknown code ";
      cause += detail;
      cause += ')';
      return Error(Errc::internal, PublicText(), LogText(std::move(cause)));
    }
    Error error(*errc, PublicText(std::string(message)), LogText(std::move(cause)));
    constexpr std::string_view kRetryAfter = "retry_after_s=";
    if (hint.starts_with(kRetryAfter)) {
      const std::string_view seconds = hint.substr(kRetryAfter.size());
      std::from_chars(seconds.data(), seconds.data() + seconds.size(), error.retry_after_s);
    } else {
      error.details = hint;
    }
    return error;
  }
  Error error(errc_from_sqlstate(sqlstate), PublicText(), LogText(std::move(cause)));
  if (sqlstate == "40001" || sqlstate == "40P01" || sqlstate == "55P03") error.retry_after_s = 1;
  return error;
}

Error error_from_result(const PGresult* result) {
  const std::string_view sqlstate = sqlstate_of(result);
  if (sqlstate.empty()) {
    // libpq itself made this result: the connection broke.
    return Error(Errc::database_unavailable, PublicText(),
                 LogText(first_line(PQresultErrorMessage(result))));
  }
  return error_from_fields(sqlstate, field(result, PG_DIAG_MESSAGE_PRIMARY),
                           field(result, PG_DIAG_MESSAGE_DETAIL),
                           field(result, PG_DIAG_MESSAGE_HINT));
}

Error error_from_connection(const PGconn* connection, std::string_view what) {
  std::string cause(what);
  const std::string said = first_line(connection ? PQerrorMessage(connection) : nullptr);
  if (!said.empty()) {
    cause += ": ";
    cause += said;
  }
  return Error(Errc::database_unavailable, PublicText(), LogText(std::move(cause)));
}

std::string_view sqlstate_of(const PGresult* result) { return field(result, PG_DIAG_SQLSTATE); }

bool is_stale_prepared(const PGresult* result) {
  const std::string_view s = sqlstate_of(result);
  if (s == "42P05" || s == "26000") return true;
  return s == "0A000" && field(result, PG_DIAG_SOURCE_FUNCTION) == "RevalidateCachedQuery";
}

}  // namespace chatpad::pg
