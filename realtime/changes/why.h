// why: says step by step why a subscriber sees a row, or may use a topic, or not. For an operator
// at a terminal; never an endpoint, because it reads rows past the policies to tell "there is no
// such row" from "you may not see it".
//
// Everything is asked of PostgreSQL under the subscriber's own role and claims, in transactions
// that are read only, limited to kWhyTimeoutMs and rolled back. Policies are evaluated one by one:
// their expressions come out of the catalogue, the row's values are parameters. What decides is the
// question that the hub itself asks (a select of the row by its key; the RightsProbe of a topic),
// the single policies explain it.
//
// Errors (raised): the database cannot be asked. A policy that raises is a finding.
#pragma once

#include <string>
#include <vector>

#include "realtime/hub/rights.h"
#include "runtime/coro/task.h"
#include "runtime/pg/pool.h"

namespace chatpad::realtime {

constexpr uint32_t kWhyTimeoutMs = 3000;

enum class Said : uint8_t { yes, note, no };

struct Finding {
  Said said = Said::note;
  std::string sentence;
};

// One policy, for one kind of row.
struct PolicyFinding {
  std::string name;
  std::string purpose;  // what it was evaluated for, e.g. "read broadcast"
  std::string kind;     // permissive or restrictive
  std::string expression;
  std::string result;   // true, false, null, raises, not asked, other roles
  std::string problem;  // the server's words when it raised; the roles when it is for others
};

struct Explanation {
  std::string subscriber;  // role and subject
  std::vector<Finding> findings;
  std::vector<PolicyFinding> policies;
  bool sees = false;
  std::string verdict;

  void add(Said said, std::string sentence) { findings.push_back({said, std::move(sentence)}); }
};

struct WhyDatabase {
  pg::Pool* callers = nullptr;  // logs in as authenticator
  pg::Pool* service = nullptr;  // as service_authenticator
  pg::Pool* admin = nullptr;    // as whoever migrates
};

struct RowQuestion {
  std::string schema, table, event, filter;
  std::vector<std::string> row;  // values of the key, or column=value; empty: no row
};

Task<Explanation> explain_row(WhyDatabase database, pg::Claims claims, RowQuestion question);
// `topic` without the "realtime:" prefix; `event_id` of a row of realtime.messages, or empty.
Task<Explanation> explain_topic(WhyDatabase database, pg::Claims claims, std::string topic,
                                std::string event_id);

std::string explanation_text(const Explanation& explanation);
std::string explanation_json(const Explanation& explanation);

}  // namespace chatpad::realtime
