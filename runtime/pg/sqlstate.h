// SQLSTATE -> Error: the one place that decides what a client learns of a database error.
//
//   CP000                 raised by private.fail(): MESSAGE is public, DETAIL is a code of
//                         error_table(), HINT goes to `details`
//   23505 23503 23P01     conflict              23502 23514 22xxx     validation_failed
//   40001 40P01 55P03     conflict, retry       42501                 forbidden
//   57014 25P03           deadline_exceeded     53xxx but 53300, 54001 overloaded
//   08xxx 57P01-57P05 53300 25006 28xxx 3D000   database_unavailable
//   anything else         internal
//
// Only CP000 texts are public. Every other server message goes to `cause`, which only the log
// reads, in the form "SQLSTATE primary message". Pure but for reading the PGresult.
//
// Source: PostgreSQL 15 manual, appendix A; 55.8 (error fields).
#pragma once

#include <string_view>

#include "runtime/base/error.h"

typedef struct pg_result PGresult;
typedef struct pg_conn PGconn;

namespace chatpad::pg {

// The class of a SQLSTATE other than CP000.
Errc errc_from_sqlstate(std::string_view sqlstate);

Error error_from_fields(std::string_view sqlstate, std::string_view message,
                        std::string_view detail, std::string_view hint);
Error error_from_result(const PGresult* result);
// The connection is gone or was never made.
Error error_from_connection(const PGconn* connection, std::string_view what);

// Empty when the result carries none.
std::string_view sqlstate_of(const PGresult* result);
// True for errors that say "this connection's prepared statements are not what you think": the
// server-side name is taken (42P05), unknown (26000), or its result type changed (0A000).
bool is_stale_prepared(const PGresult* result);

}  // namespace chatpad::pg
