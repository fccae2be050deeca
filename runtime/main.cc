// chatpad: the one program. This file holds the subcommands and nothing else.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "runtime/admin_command.h"
#include "runtime/audit_command.h"
#include "runtime/base/config.h"
#include "runtime/base/log.h"
#include "runtime/commands.h"
#include "runtime/extract_command.h"
#include "runtime/keys_command.h"
#include "runtime/realtime_command.h"
#include "runtime/secrets_command.h"
#include "runtime/verify_isolation.h"

namespace {

int report(const chatpad::Error& error) {
  const auto& info = chatpad::error_info(error.errc);
  const std::string& said = error.message.value;
  std::cerr << "chatpad: " << (said.empty() ? std::string(info.hint) : said) << '\n';
  if (!error.cause.value.empty()) std::cerr << "  (" << error.cause.value << ")\n";
  return 1;
}

int with_config(int (*command)(const chatpad::Config&)) {
  const auto config = chatpad::config_from_environment();
  if (!config) return report(config.error());
  chatpad::log::set_level(config->log_level);
  try {
    return command(*config);
  } catch (const chatpad::Raised& raised) {
    return report(raised.error());
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "ChatPad: an AI chat-agent backend in one program over PostgreSQL.\n"
      "Settings come from the environment; docs/config.md lists them."};
  app.require_subcommand(1);
  app.add_subcommand("up", "Start everything: a private PostgreSQL, the demo shop and the server");
  app.add_subcommand("serve", "Start the server only; the database must be migrated");
  app.add_subcommand("migrate", "Bring the database's schema up to date");
  app.add_subcommand("seed", "Make or refresh the demo account");
  CLI::App* const keys = app.add_subcommand("keys",
                                            "Print the keys of this home; list, create, "
                                            "rotate and revoke them");
  chatpad::commands::add_keys(*keys);
  app.add_subcommand("routes", "List every endpoint: method, path, who may call, limits");
  app.add_subcommand("openapi", "Print the OpenAPI document of every endpoint");
  app.add_subcommand("doctor", "Check this machine and the database, and say what to mend");
  app.add_subcommand("outbox", "Print the mails that wait, with their links and codes");
  CLI::App* const realtime = app.add_subcommand("realtime", "For operators: top and why");
  chatpad::commands::add_realtime(*realtime);
  CLI::App* const isolation =
      app.add_subcommand("verify-isolation", "Prove that accounts are apart; touches no data");
  chatpad::commands::add_verify_isolation(*isolation);
  CLI::App* const secrets = app.add_subcommand("secrets", "For operators: rotate");
  chatpad::commands::add_secrets(*secrets);
  CLI::App* const audit = app.add_subcommand("audit", "For operators: check the audit log");
  chatpad::commands::add_audit(*audit);
  CLI::App* const admin = app.add_subcommand("admin", "For operators: grant, revoke, list");
  chatpad::commands::add_admin(*admin);
  CLI::App* const extract =
      app.add_subcommand("extract", "Read a file on standard input, as uploads are read");
  extract->group("")->prefix_command();
  app.add_subcommand("version", "Print the version");
  CLI11_PARSE(app, argc, argv);

  const std::string verb = app.get_subcommands().front()->get_name();
  if (verb == "extract") return chatpad::commands::extract(extract->remaining());
  if (verb == "version") return chatpad::commands::version();
  if (verb == "routes") return chatpad::commands::routes();
  if (verb == "openapi") return chatpad::commands::openapi();
  if (verb == "realtime") return with_config(chatpad::commands::realtime);
  if (verb == "verify-isolation") return with_config(chatpad::commands::verify_isolation);
  if (verb == "secrets") return with_config(chatpad::commands::secrets);
  if (verb == "audit") return with_config(chatpad::commands::audit);
  if (verb == "admin") return with_config(chatpad::commands::admin);
  if (verb == "serve") return with_config(chatpad::commands::serve);
  if (verb == "migrate") return with_config(chatpad::commands::migrate);
  if (verb == "seed") return with_config(chatpad::commands::seed);
  if (verb == "keys") return with_config(chatpad::commands::keys);
  if (verb == "outbox") return with_config(chatpad::commands::outbox);
  if (verb == "doctor") return with_config(chatpad::commands::doctor);
  return with_config(chatpad::commands::up);
}
