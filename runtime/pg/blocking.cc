#include "runtime/pg/blocking.h"

#include <libpq-fe.h>

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

Result<Blocking> Blocking::open(const std::string& conninfo) {
  const char* keys[] = {"fallback_application_name", "client_encoding", "connect_timeout", "dbname",
                        nullptr};
  const char* values[] = {"chatpad", "UTF8", "10", conninfo.c_str(), nullptr};
  Blocking connection(PQconnectdbParams(keys, values, 1));
  if (PQstatus(connection.raw()) != CONNECTION_OK) {
    return error_from_connection(connection.raw(), "connecting");
  }
  PQsetNoticeReceiver(connection.raw(), [](void*, const PGresult*) {}, nullptr);
  return connection;
}

Result<Rows> Blocking::run(const std::string& sql) {
  return rows_or_error(pg_.get(), PQexec(pg_.get(), sql.c_str()));
}

Result<Rows> Blocking::run(const std::string& sql, const Params& params) {
  std::vector<const char*> values;
  for (const auto& value : params.values()) values.push_back(value ? value->c_str() : nullptr);
  return rows_or_error(pg_.get(),
                       PQexecParams(pg_.get(), sql.c_str(), static_cast<int>(values.size()),
                                    nullptr, values.data(), nullptr, nullptr, 0));
}

int Blocking::server_version() const { return PQserverVersion(pg_.get()); }

}  // namespace chatpad::pg
