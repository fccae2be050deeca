// chatpad: the one program. This file holds the subcommands and nothing else.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "runtime/audit_command.h"
#include "runtime/base/config.h"
#include "runtime/base/log.h"
#include "runtime/commands.h"
#include "runtime/realtime_command.h"

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
  app.add_subcommand("keys", "Print the keys of this home");
  app.add_subcommand("routes", "List every endpoint: method, path, who may call, limits");
  app.add_subcommand("openapi", "Print the OpenAPI document of every endpoint");
  app.add_subcommand("doctor", "Check this machine and the database, and say what to mend");
  CLI::App* const realtime = app.add_subcommand("realtime", "For operators: top and why");
  chatpad::commands::add_realtime(*realtime);
  CLI::App* const audit = app.add_subcommand("audit", "For operators: check the audit log");
  chatpad::commands::add_audit(*audit);
  app.add_subcommand("version", "Print the version");
  CLI11_PARSE(app, argc, argv);

  const std::string verb = app.get_subcommands().front()->get_name();
  if (verb == "version") return chatpad::commands::version();
  if (verb == "routes") return chatpad::commands::routes();
  if (verb == "openapi") return chatpad::commands::openapi();
  if (verb == "realtime") return with_config(chatpad::commands::realtime);
  if (verb == "audit") return with_config(chatpad::commands::audit);
  if (verb == "serve") return with_config(chatpad::commands::serve);
  if (verb == "migrate") return with_config(chatpad::commands::migrate);
  if (verb == "seed") return with_config(chatpad::commands::seed);
  if (verb == "keys") return with_config(chatpad::commands::keys);
  if (verb == "doctor") return with_config(chatpad::commands::doctor);
  return with_config(chatpad::commands::up);
}
