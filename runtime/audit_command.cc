#include "runtime/audit_command.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <fstream>

#include "runtime/home_database.h"

namespace chatpad::commands {
namespace {

// What the command line said; there is one per process.
std::string& against() {
  static std::string of_process;
  return of_process;
}

// False: something is wrong with this account's chain.
bool verify(pg::Blocking& session, const std::string& account) {
  const pg::Rows rows = session
                            .run(
                                "select sealed, unsealed, head, broken_seq, broken_log, why from "
                                "api.verify_audit_logs($1)",
                                pg::Params(account))
                            .or_raise();
  if (rows.is_null(0, 5)) {
    std::printf("%s %s %s\n", account.c_str(), rows.str(0, 0).c_str(), rows.str(0, 2).c_str());
    return true;
  }
  const std::string link = rows.is_null(0, 3) ? "" : " link " + rows.str(0, 3) + ",";
  std::printf("%s BROKEN at%s row %s: %s\n", account.c_str(), link.c_str(), rows.str(0, 4).c_str(),
              rows.str(0, 5).c_str());
  return false;
}

// Lines of an earlier output: account, number, hash.
bool holds_earlier(pg::Blocking& session, const std::string& path) {
  std::ifstream file(path);
  if (!file) raise(Errc::not_found, PublicText("There is no file " + path + "."));
  bool all = true;
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string account;
    std::string seq;
    std::string hash;
    int64_t number = 0;
    words >> account >> seq >> hash;
    const auto [stop, error] = std::from_chars(seq.data(), seq.data() + seq.size(), number);
    const bool is_link = error == std::errc() && stop == seq.data() + seq.size() && number > 0;
    if (!is_link || !Uuid::parse(account)) continue;
    const pg::Rows rows =
        session.run("select api.audit_link($1, $2)", pg::Params(account, number)).or_raise();
    if (rows.str(0, 0) == hash) continue;
    std::printf("%s BROKEN at link %s: it is not the one of %s\n", account.c_str(), seq.c_str(),
                path.c_str());
    all = false;
  }
  return all;
}

}  // namespace

void add_audit(CLI::App& app) {
  CLI::App* const verify = app.add_subcommand(
      "verify", "Walk every account's chain; name the first row that is wrong, and fail then");
  verify->add_option("--against", against(), "An earlier output, whose heads must still be there");
  app.require_subcommand(1);
}

int audit(const Config& config) {
  pg::Blocking session = HomeDatabase::of(config).service();
  const pg::Rows accounts = session.run("select a from api.audited_accounts() a").or_raise();
  bool whole = true;
  for (int i = 0; i < accounts.size(); ++i) {
    const bool held = verify(session, accounts.str(i, 0));
    whole = whole && held;
  }
  if (!against().empty()) {
    const bool held = holds_earlier(session, against());
    whole = whole && held;
  }
  std::printf("%d %s, %s\n", accounts.size(), accounts.size() == 1 ? "chain" : "chains",
              whole ? "whole" : "not whole");
  return whole ? 0 : 1;
}

}  // namespace chatpad::commands
