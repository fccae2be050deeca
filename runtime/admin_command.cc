#include "runtime/admin_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "runtime/home_database.h"

namespace chatpad::commands {
namespace {

// What the command line said; there is one per process.
struct Asked {
  CLI::App* grant = nullptr;
  CLI::App* revoke = nullptr;
  std::string email;
  bool unproven = false;
};

Asked& asked() {
  static Asked of_process;
  return of_process;
}

int list(pg::Blocking& session) {
  const pg::Rows rows = session.run("select email from api.list_super_admins()").or_raise();
  for (int row = 0; row < rows.size(); ++row) std::puts(rows.str(row, 0).c_str());
  if (rows.empty()) std::puts("Nobody is a super admin.");
  return 0;
}

int set(pg::Blocking& session, const Asked& from) {
  const bool is = from.grant->parsed();
  const pg::Params params(from.email, is ? "true" : "false", from.unproven ? "true" : "false");
  const pg::Rows rows = session.run("select api.set_super_admin($1, $2, $3)", params).or_raise();
  const std::string& email = from.email;
  const bool changed = rows.size() == 1 && rows.boolean(0, 0);
  std::printf("%s %s %sa super admin%s.\n", email.c_str(), changed ? "is" : "was", is ? "" : "not ",
              changed ? " now" : " already");
  return 0;
}

}  // namespace

void add_admin(CLI::App& app) {
  Asked& to = asked();
  app.add_subcommand("list", "Who is a super admin of the platform");
  to.grant = app.add_subcommand("grant", "Make somebody a super admin");
  to.revoke = app.add_subcommand("revoke", "Make somebody a super admin no more");
  for (CLI::App* const verb : {to.grant, to.revoke}) {
    verb->add_option("email", to.email, "The person's address")->required();
  }
  to.grant->add_flag("--unproven", to.unproven,
                     "Also when nobody has proven to read the mail of the address");
  app.require_subcommand(1);
}

int admin(const Config& config) {
  const Asked& from = asked();
  pg::Blocking session = HomeDatabase::of(config).service();
  if (*from.grant || *from.revoke) return set(session, from);
  return list(session);
}

}  // namespace chatpad::commands
