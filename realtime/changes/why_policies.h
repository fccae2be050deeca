// Policies of one table and one command, evaluated one by one for a row, and what PostgreSQL makes
// of them together: a row passes when one permissive policy and every restrictive one is true.
#pragma once

#include <string>
#include <vector>

#include "realtime/changes/why.h"

namespace chatpad::realtime {

enum class Command : char { select = 'r', insert = 'a' };

// Where the row's values come from, as a FROM item named like the table; $1 is `value`.
struct PolicyRow {
  std::string from;
  std::string value;
  std::string topic;  // for realtime.topic(); empty: none
};

// In the catalogue's words, those for other roles last. Without a row nothing is evaluated.
Task<std::vector<PolicyFinding>> evaluate_policies(pg::Pool* pool, pg::Claims claims,
                                                   std::string table_oid, Command command,
                                                   PolicyRow row);

// Why no row, or not this one, passes; empty when it does. Pure.
std::string objection_of(const std::vector<PolicyFinding>& policies, const std::string& role);

// A statement that changes nothing: read only and rolled back.
Task<pg::Rows> ask_as(pg::Pool* pool, pg::Claims claims, std::string sql, pg::Params params);

}  // namespace chatpad::realtime
