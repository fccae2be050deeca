#include "runtime/pg/blocking.h"

#include <libpq-fe.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "runtime/pg/sqlstate.h"

namespace chatpad::pg {
namespace {

Result<Rows> rows_or_error(PGconn* connection, PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) {
    return Rows(result);
  }
  Error error = result ? error_from_result(result) : error_from_connection(connection, "running");
  PQclear(result);
  return error;
}

}  // namespace

void Blocking::Close::operator()(PGconn* connection) const { PQfinish(connection); }

Result<Blocking> Blocking::open(const std::string& conninfo, const std::string& database) {
  // Only the first dbname is read as a connection string; a second one replaces the name.
  const char* keys[] = {"fallback_application_name",
                        "client_encoding",
                        "connect_timeout",
                        "dbname",
                        database.empty() ? nullptr : "dbname",
                        nullptr};
  const char* values[] = {"chatpad", "UTF8", "10", conninfo.c_str(), database.c_str(), nullptr};
  Blocking connection(PQconnectdbParams(keys, values, 1));
  if (PQstatus(connection.raw()) != CONNECTION_OK) {
    return error_from_connection(connection.raw(), "connecting");
  }
  PQsetNoticeReceiver(
      connection.raw(), [](void*, const PGresult*) {}, nullptr);
  return connection;
}

Result<Rows> Blocking::run(const std::string& sql) {
  return rows_or_error(pg_.get(), PQexec(pg_.get(), sql.c_str()));
}

Result<Rows> Blocking::run(const std::string& sql, const Params& params) {
  std::vector<const char*> values;
  for (const auto& value : params.values()) values.push_back(value ? value->c_str() : nullptr);
  return rows_or_error(
      pg_.get(), PQexecParams(pg_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                              values.data(), nullptr, nullptr, 0));
}

Result<void> Blocking::script(std::string_view file, const std::string& before,
                              std::string_view text, const std::string& after) {
  std::string sql = before;
  if (!sql.empty()) sql += '\n';
  const size_t head = sql.size();
  sql += text;
  sql += "\n;\n";
  sql += after;
  PGresult* result = PQexec(pg_.get(), sql.c_str());
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) {
    PQclear(result);
    return {};
  }
  std::string sentence(file);
  // The position counts characters of the whole script; lines are what an editor shows.
  if (const char* position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION)) {
    size_t left = std::strtoul(position, nullptr, 10);
    size_t byte = 0;
    while (byte < sql.size() && left > 1) {
      if ((static_cast<unsigned char>(sql[++byte]) & 0xc0) != 0x80) --left;
    }
    if (byte > head) {
      sentence += ':';
      sentence += std::to_string(1 + std::count(sql.begin() + static_cast<long>(head),
                                                sql.begin() + static_cast<long>(byte), '\n'));
    }
  }
  const Error plain =
      result ? error_from_result(result) : error_from_connection(pg_.get(), "running");
  PQclear(result);
  sentence += ": ";
  sentence += plain.cause.value;
  if (PQtransactionStatus(pg_.get()) != PQTRANS_IDLE) PQclear(PQexec(pg_.get(), "rollback"));
  return Error(Errc::internal, PublicText(sentence), LogText(sentence));
}

int Blocking::server_version() const { return PQserverVersion(pg_.get()); }

}  // namespace chatpad::pg
