// What the catalogue says about who may see what: every rule of sql/lints, and every fact as sql/
// makes it. A fact that is missing, other or more is named.
#include <set>

#include "runtime/isolation.h"
#include "runtime/pg/migrate.h"

namespace chatpad::isolation {
namespace {

constexpr const char* kPersona = "catalogue";

std::string file_text(std::string_view path) {
  for (const pg::SqlFile& file : pg::sql_bundle()) {
    if (file.path == path) return std::string(file.text);
  }
  raise(Errc::internal, PublicText("This program lacks " + std::string(path) + "."));
}

// "policy public.agents authenticated_select" -> what it is. Several facts may share a name.
using Facts = std::map<std::string, std::multiset<std::string>>;

Facts facts_of(pg::Blocking& session) {
  static const std::string query = file_text("sql/isolation/facts.sql");
  const pg::Rows rows = session.run(query).or_raise();
  Facts facts;
  for (int row = 0; row < rows.size(); ++row) {
    facts[rows.str(row, 0) + " " + rows.str(row, 1)].insert(rows.str(row, 2));
  }
  return facts;
}

std::string joined(const std::multiset<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : " | ") + text;
  return all;
}

std::vector<std::string> differences(const Facts& reference, const Facts& target) {
  std::vector<std::string> found;
  for (const auto& [name, fact] : reference) {
    const auto there = target.find(name);
    if (there == target.end()) {
      found.push_back(name + " is missing: " + joined(fact));
    } else if (there->second != fact) {
      found.push_back(name + " is not what it should be: " + joined(there->second) +
                      " instead of " + joined(fact));
    }
  }
  for (const auto& [name, fact] : target) {
    if (reference.count(name) == 0) found.push_back(name + " is none of ours: " + joined(fact));
  }
  return found;
}

void check_rules(pg::Blocking& target, Report& report) {
  for (const pg::SqlFile& file : pg::sql_bundle()) {
    if (!file.path.starts_with("sql/lints/")) continue;
    const std::string subject(file.path);
    const pg::Rows rows = target.run(std::string(file.text)).or_raise();
    report.tried(subject, kPersona);
    for (int row = 0; row < rows.size(); ++row) {
      report.hole(subject, kPersona, rows.str(row, 0));
    }
  }
}

}  // namespace

void verify_catalogue(pg::Blocking& reference, pg::Blocking& target, Report& report) {
  check_rules(target, report);
  const Facts expected = facts_of(reference);
  const Facts found = facts_of(target);
  for (const auto& [name, fact] : expected) report.tried(name.substr(0, name.find(' ')), kPersona);
  for (const std::string& difference : differences(expected, found)) {
    // A project opens topics of its own there; restrictive policies keep it from ours.
    if (&reference != &target && difference.starts_with("policy realtime.messages ") &&
        difference.find(" is none of ours: permissive") != std::string::npos) {
      continue;
    }
    report.hole(difference.substr(0, difference.find(' ')), kPersona, difference);
  }
}

size_t try_mutations(pg::Blocking& session, size_t every, Report& report) {
  const pg::Rows all = session.run(file_text("sql/isolation/mutations.sql")).or_raise();
  const Facts before = facts_of(session);
  size_t count = 0;
  for (int row = 0; row < all.size(); row += static_cast<int>(every)) {
    const std::string what = all.str(row, 0);
    const std::string statement = all.str(row, 1);
    const std::string word = all.str(row, 2);
    session.run("begin").or_raise();
    const auto done = session.run(statement);
    std::vector<std::string> found;
    if (done) found = differences(before, facts_of(session));
    session.run("rollback").or_raise();
    ++count;
    report.tried("mutation: " + what, kPersona);
    if (!done) {
      report.hole("mutation: " + what, kPersona,
                  statement + " cannot be tried: " + done.error().cause.value);
      continue;
    }
    bool named = false;
    for (const std::string& difference : found) {
      named = named || difference.find(word) != std::string::npos;
    }
    if (!named) report.hole("mutation: " + what, kPersona, statement + " is not noticed");
  }
  return count;
}

}  // namespace chatpad::isolation
