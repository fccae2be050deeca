#include <cstdio>

#include "realtime/changes/why.h"
#include "runtime/base/log.h"
#include "runtime/coro/scope.h"
#include "runtime/edge/auth.h"
#include "runtime/home_database.h"
#include "runtime/key_store.h"
#include "runtime/realtime_command.h"
#include "runtime/wire/fields.h"

namespace chatpad::commands {
namespace {

constexpr std::string_view kTopicPrefix = "realtime:";

// One connection of each login, on a loop of its own.
struct Stage {
  Stage(const std::string& authenticator, const std::string& service, const std::string& admin)
      : callers(loop, options(authenticator)),
        service_pool(loop, options(service)),
        admin_pool(loop, options(admin)) {}

  static pg::PoolOptions options(const std::string& conninfo) {
    pg::PoolOptions options;
    options.conninfo = conninfo;
    options.connections_max = 1;
    return options;
  }

  // Runs `work` to its end.
  void run(Task<void> work) {
    scope.spawn(finish(std::move(work)));
    loop.run();
  }
  Task<void> finish(Task<void> work) {
    co_await std::move(work);
    loop.defer([this] {
      callers.close();
      service_pool.close();
      admin_pool.close();
      loop.stop();
    });
  }

  Loop loop;
  pg::Pool callers, service_pool, admin_pool;
  Scope scope;
};

struct Outcome {
  realtime::Explanation explanation;
  Error error;
  bool failed = false;
};

Task<void> explain(realtime::WhyDatabase database, pg::Claims claims, WhyOptions options,
                   Outcome* outcome) {
  try {
    if (!options.table.empty()) {
      realtime::RowQuestion question;
      question.schema = options.schema;
      question.table = options.table;
      question.event = options.event;
      question.filter = options.filter;
      question.row = options.row;
      realtime::Explanation said = co_await realtime::explain_row(database, claims, question);
      outcome->explanation = std::move(said);
    } else {
      const std::string topic = options.topic;
      const std::string event_id = options.row.empty() ? "" : options.row.front();
      realtime::Explanation said =
          co_await realtime::explain_topic(database, claims, topic, event_id);
      outcome->explanation = std::move(said);
    }
  } catch (const Raised& raised) {
    outcome->error = raised.error();
    outcome->failed = true;
  }
}

pg::Role role_named(std::string_view name) {
  for (const pg::Role role : {pg::Role::anon, pg::Role::visitor, pg::Role::authenticated,
                              pg::Role::api_key, pg::Role::service_role}) {
    if (pg::role_name(role) == name) return role;
  }
  raise(Errc::validation_failed,
        PublicText("There is no role " + std::string(name) +
                   "; it is anon, visitor, authenticated, api_key or service_role."));
}

// The same claims as the hub's: a token's are verified by the same code.
pg::Claims claims_of(const WhyOptions& options, const edge::KeyRingRef& ring, Loop& loop,
                     pg::Pool& pool) {
  if (!options.token.empty()) {
    const edge::Authenticator authenticator(loop, pool, ring);
    return authenticator.verify(options.token).or_raise().claims;
  }
  pg::Claims claims;
  if (!options.claims.empty()) {
    const wire::Fields fields = wire::Fields::parse(options.claims).or_raise();
    claims.json = options.claims;
    const std::string role = fields.optional_string("role", 64).value_or("anon");
    claims.role = role_named(options.role.empty() ? role : options.role);
    return claims;
  }
  const bool person = !options.user.empty();
  if (person && !Uuid::parse(options.user)) {
    raise(Errc::validation_failed, PublicText("--user takes a person's id, which is a UUID."));
  }
  const std::string role = !options.role.empty() ? options.role : person ? "authenticated" : "anon";
  claims.role = role_named(role);
  wire::JsonWriter json;
  json.object().field("role", role);
  if (person) json.field("sub", options.user).field("aud", "authenticated");
  json.end();
  claims.json = std::move(json).str();
  return claims;
}

std::string described(const pg::Claims& claims) {
  return std::string(pg::role_name(claims.role)) + " with the claims " + claims.json;
}

// "public.notes" says the schema as well.
WhyOptions completed(WhyOptions options) {
  if (options.topic.starts_with(kTopicPrefix)) options.topic.erase(0, kTopicPrefix.size());
  const size_t dot = options.table.find('.');
  if (dot != std::string::npos) {
    options.schema = options.table.substr(0, dot);
    options.table.erase(0, dot + 1);
  }
  if (options.table.empty() && options.topic.empty()) {
    raise(Errc::validation_failed, PublicText("Name --topic or --table."));
  }
  return options;
}

}  // namespace

int realtime_why(const Config& config, const WhyOptions& given) {
  const WhyOptions options = completed(given);
  log::set_level(LogLevel::error);
  const HomeDatabase home = HomeDatabase::of(config);
  Stage stage(home.login("authenticator"), home.login("service_authenticator"), home.url());
  Outcome outcome;
  try {
    Config of_ring = config;
    of_ring.jwt_secret = home.value("SUPABASE_JWT_SECRET");
    if (of_ring.public_url.empty()) of_ring.public_url = home.value("SUPABASE_URL");
    const edge::KeyRingRef ring = read_key_ring(of_ring, home.login("service_authenticator"));
    const pg::Claims claims = claims_of(options, ring, stage.loop, stage.callers);
    const realtime::WhyDatabase database{&stage.callers, &stage.service_pool, &stage.admin_pool};
    stage.run(explain(database, claims, options, &outcome));
    outcome.explanation.subscriber = described(claims);
  } catch (const Raised& raised) {
    outcome.error = raised.error();
    outcome.failed = true;
    stage.callers.close();
    stage.service_pool.close();
    stage.admin_pool.close();
    stage.loop.stop();
    stage.loop.run();
  }
  if (outcome.failed) throw Raised(outcome.error);
  const std::string text = options.json ? realtime::explanation_json(outcome.explanation)
                                        : realtime::explanation_text(outcome.explanation);
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace chatpad::commands
