#include "runtime/realtime_command.h"

#include <CLI/CLI.hpp>

namespace chatpad::commands {
namespace {

// What the command line said; there is one per process.
struct Asked {
  CLI::App* top = nullptr;
  CLI::App* why = nullptr;
  TopOptions top_options;
  WhyOptions why_options;
};

Asked& asked() {
  static Asked of_process;
  return of_process;
}

void add_top(CLI::App& app, TopOptions& options) {
  app.add_flag("--once", options.once, "One look instead of a view that refreshes");
  app.add_flag("--json", options.json, "One look as a JSON object");
  app.add_option("--interval", options.interval_s, "Seconds between looks")
      ->check(CLI::Range(1, 60));
  app.add_option("--shown", options.shown, "How many topics and personas")
      ->check(CLI::Range(0, 100));
}

void add_why(CLI::App& app, WhyOptions& options) {
  CLI::Option* topic = app.add_option("--topic", options.topic, "The channel, as in channel(...)");
  CLI::Option* table =
      app.add_option("--table", options.table, "The table of a postgres_changes subscription");
  topic->excludes(table);
  app.add_option("--schema", options.schema, "Its schema")->needs(table);
  app.add_option("--event", options.event, "INSERT, UPDATE, DELETE or *")->needs(table);
  app.add_option("--filter", options.filter, "The subscription's filter, as id=eq.7")->needs(table);
  app.add_option("--row", options.row,
                 "The row: its key, or column=value for each column of the key. Of a topic: the id "
                 "of an event");
  CLI::Option* user = app.add_option("--user", options.user, "A person's id");
  CLI::Option* token = app.add_option("--token", options.token, "The subscriber's token");
  CLI::Option* claims = app.add_option("--claims", options.claims, "Claims as a JSON object");
  user->excludes(token)->excludes(claims);
  token->excludes(claims);
  app.add_option("--role", options.role,
                 "anon, visitor, authenticated, api_key or service_role; of the claims otherwise")
      ->excludes(token);
  app.add_flag("--json", options.json, "The answer as a JSON object");
}

}  // namespace

void add_realtime(CLI::App& app) {
  Asked& to = asked();
  to.top = app.add_subcommand("top", "Loops, streams, personas and topics of the running program");
  to.why = app.add_subcommand("why", "Why a subscriber does not see a row, or may not use a topic");
  add_top(*to.top, to.top_options);
  add_why(*to.why, to.why_options);
  app.require_subcommand(1);
}

int realtime(const Config& config) {
  const Asked& from = asked();
  if (*from.top) return realtime_top(config, from.top_options);
  return realtime_why(config, from.why_options);
}

}  // namespace chatpad::commands
