#include "realtime/changes/why_policies.h"

#include <algorithm>
#include <atomic>

namespace chatpad::realtime {
namespace {

// $1 table, $2 role, $3 command. Schema private lets nobody name its functions, so the one our
// policies use goes by its public name.
constexpr pg::Statement kPolicies = {"why_policies", R"(
select p.polname, p.polpermissive,
  p.polroles = '{0}' or exists (select from unnest(p.polroles) o(oid)
    where pg_catalog.pg_has_role($2::name, o.oid, 'usage')),
  (select string_agg(o.oid::regrole::text, ', ') from unnest(p.polroles) o(oid)),
  replace(coalesce(case when $3 = 'a' then pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) end,
      pg_catalog.pg_get_expr(p.polqual, p.polrelid), 'true'),
    case c.relowner when 'chatpad_owner'::regrole then 'private.account_ids()' else '' end,
    'realtime.account_ids()')
from pg_catalog.pg_policy p
join pg_catalog.pg_class c on c.oid = p.polrelid
where p.polrelid = $1::oid and p.polcmd in ('*', $3::"char")
order by 3 desc, 2 desc, 1)"};

constexpr pg::Statement kReadOnly = {"why_read_only",
                                     "select set_config('transaction_read_only', 'on', true), "
                                     "set_config('realtime.topic', $1, true)"};

std::string next_name() {
  static std::atomic<uint64_t> made{0};
  return "why_" + std::to_string(++made);
}

Task<void> evaluate(pg::Pool* pool, pg::Claims claims, PolicyRow row, PolicyFinding* finding) {
  const std::string name = next_name();
  const std::string sql = "select (" + finding->expression + ")::boolean from " + row.from;
  const pg::Statement statement{name, sql};
  pg::Params topic(row.topic);
  pg::Params value(row.value);
  try {
    pg::Transaction transaction = co_await pool->begin(claims, kWhyTimeoutMs);
    const pg::Rows limited = co_await transaction.query(kReadOnly, topic);
    const pg::Rows said = co_await transaction.query(statement, value);
    finding->result = said.is_null(0, 0) ? "null" : said.boolean(0, 0) ? "true" : "false";
    co_await transaction.rollback();
  } catch (const Raised& raised) {
    finding->result = "raises";
    finding->problem = raised.error().cause.value;
  }
}

}  // namespace

Task<pg::Rows> ask_as(pg::Pool* pool, pg::Claims claims, std::string sql, pg::Params params) {
  const std::string name = next_name();
  const pg::Statement statement{name, sql};
  pg::Params none("");
  pg::Transaction transaction = co_await pool->begin(claims, kWhyTimeoutMs);
  const pg::Rows limited = co_await transaction.query(kReadOnly, none);
  pg::Rows rows = co_await transaction.query(statement, params);
  co_await transaction.rollback();
  co_return rows;
}

Task<std::vector<PolicyFinding>> evaluate_policies(pg::Pool* pool, pg::Claims claims,
                                                   std::string table_oid, Command command,
                                                   PolicyRow row) {
  pg::Claims nobody;
  nobody.role = pg::Role::none;
  pg::Params params(table_oid, pg::role_name(claims.role),
                    std::string(1, static_cast<char>(command)));
  const pg::Rows rows = co_await pool->once(nobody, kPolicies, params, kWhyTimeoutMs);
  std::vector<PolicyFinding> findings;
  for (int i = 0; i < rows.size(); ++i) {
    PolicyFinding finding;
    finding.name = rows.str(i, 0);
    finding.kind = rows.boolean(i, 1) ? "permissive" : "restrictive";
    finding.expression = rows.str(i, 4);
    finding.result = "not asked";
    const bool applies = rows.boolean(i, 2);
    if (!applies) {
      finding.result = "other roles";
      finding.problem = rows.str(i, 3);
    }
    findings.push_back(std::move(finding));
    if (applies && !row.from.empty()) co_await evaluate(pool, claims, row, &findings.back());
  }
  co_return findings;
}

std::string objection_of(const std::vector<PolicyFinding>& policies, const std::string& role) {
  std::string refused;
  size_t permissive = 0;
  bool allowed = false;
  for (const PolicyFinding& policy : policies) {
    if (policy.result == "other roles" || policy.result == "not asked") continue;
    const std::string said =
        policy.name + " " +
        (policy.result == "raises" ? "raises (" + policy.problem + ")" : "is " + policy.result);
    if (policy.result == "raises") return "Policy " + said + ".";
    if (policy.kind == "restrictive") {
      if (policy.result != "true") return "The restrictive policy " + said + ".";
      continue;
    }
    ++permissive;
    allowed = allowed || policy.result == "true";
    refused += (refused.empty() ? "" : ", ") + said;
  }
  if (allowed) return "";
  if (permissive == 0) {
    return "Row level security is on and no permissive policy is for role " + role + ".";
  }
  return (permissive == 1 ? "The only permissive policy says no: "
                          : "No permissive policy says yes: ") +
         refused + ".";
}

}  // namespace chatpad::realtime
