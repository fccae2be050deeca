#include "runtime/verify_isolation.h"

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "runtime/base/clock.h"
#include "runtime/home_database.h"
#include "runtime/isolation.h"

namespace chatpad::commands {
namespace {

constexpr size_t kSample = 15;  // of the mutations, without --full

struct Asked {
  bool full = false;
  bool matrix = false;
  bool mutate = false;
  bool database = false;
  std::vector<std::string> breaks;
};

Asked& asked() {
  static Asked of_process;
  return of_process;
}

int told(const isolation::Report& report, uint64_t started_ms) {
  if (asked().matrix) std::printf("%s\n", report.matrix().c_str());
  const auto holes = report.holes();
  for (const std::string& hole : holes) std::printf("HOLE  %s\n", hole.c_str());
  std::printf("%zu probes in %.1f s, %zu holes\n", report.tried_count(),
              static_cast<double>(monotonic_ms() - started_ms) / 1000, holes.size());
  return holes.empty() ? 0 : 1;
}

void say(const char* what) {
  std::printf("  %s ...\n", what);
  std::fflush(stdout);
}

}  // namespace

void add_verify_isolation(CLI::App& app) {
  Asked& to = asked();
  app.add_flag("--full", to.full, "Every form of every id, every caller, every mutation");
  app.add_flag("--matrix", to.matrix, "Print what was tried by whom");
  CLI::Option* mutate = app.add_flag("--mutate", to.mutate,
                                     "Also take away policies, grants and keys one by one, and see "
                                     "that each is noticed: a sample, or all with --full");
  app.add_option(
      "--break", to.breaks,
      "SQL that opens a hole in the throw-away database before it is probed, to see that "
      "the hole is found");
  app.add_flag("--database", to.database,
               "Instead: the catalogue of this home's database, read only")
      ->excludes(mutate);
}

int verify_isolation(const Config& config) {
  std::signal(SIGPIPE, SIG_IGN);
  const uint64_t started_ms = monotonic_ms();
  const Asked& options = asked();
  isolation::Report report;
  say("a throw-away server and two accounts");
  const isolation::ThrowAway place(config);
  const isolation::World& world = place.world();
  pg::Blocking reference = pg::Blocking::open(world.admin).or_raise();
  if (options.database) {
    say("the catalogue of the database");
    pg::Blocking target = pg::Blocking::open(HomeDatabase::of(config).url()).or_raise();
    target.run("set default_transaction_read_only = on").or_raise();
    isolation::verify_catalogue(reference, target, report);
    return told(report, started_ms);
  }
  if (options.mutate) {
    say("one thing taken away at a time");
    isolation::try_mutations(reference, options.full ? 1 : kSample, report);
  }
  for (const std::string& sql : options.breaks) reference.run(sql).or_raise();
  say("the catalogue");
  isolation::verify_catalogue(reference, reference, report);
  say("every table");
  isolation::verify_tables(world, report);
  say("every kind of channel");
  isolation::verify_sockets(world, report);
  // Last: people use there what is theirs, and leave their account or revoke its keys with it.
  say("every endpoint");
  isolation::verify_endpoints(
      world, options.full ? isolation::Depth::full : isolation::Depth::quick, report);
  return told(report, started_ms);
}

}  // namespace chatpad::commands
