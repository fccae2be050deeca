// Every route, asked by everybody for ids of the other account. The answer must be the one for an
// id of nobody, hold nothing of the other account, and leave its rows as they were.
#include <algorithm>
#include <set>
#include <thread>

#include "runtime/isolation_asker.h"

namespace chatpad::isolation {
namespace {

constexpr size_t kThreads = 4;
std::string subject_of(const edge::Route& route) {
  return std::string(http::method_name(route.endpoint.method)) + " " + route.path;
}

bool is_name(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }

// The kinds of id that a text has a place for and that the world has none of.
std::string unknown_kind(std::string_view text, const World& world) {
  for (size_t i = text.find('$'); i != std::string_view::npos; i = text.find('$', i + 1)) {
    size_t end = i + 1;
    while (end < text.size() && is_name(text[end])) ++end;
    const std::string kind(text.substr(i + 1, end - i - 1));
    if (world.ids_a.count(kind) == 0 || world.ids_b.count(kind) == 0) return kind;
  }
  return "";
}

// A row for every route and a route for every row.
std::vector<Target> targets(const edge::Router& router, const World& world, Report& report) {
  std::vector<Target> found;
  for (const edge::Route& route : router.routes()) {
    const std::string method(http::method_name(route.endpoint.method));
    const std::string subject = subject_of(route);
    bool any = false;
    for (const Probe& probe : probes()) {
      if (probe.route != subject) continue;
      any = true;
      const std::string kind =
          unknown_kind(std::string(probe.body) + std::string(probe.target), world);
      if (!kind.empty()) {
        report.hole(subject, "anybody", "the world has no row of " + kind + " in both accounts");
        continue;
      }
      found.push_back(Target{&probe, &route, method, subject});
    }
    if (!any) {
      report.hole(subject, "anybody", "no probe is declared in runtime/isolation_probes.cc");
    }
  }
  for (const Probe& probe : probes()) {
    const bool known = std::any_of(
        router.routes().begin(), router.routes().end(),
        [&probe](const edge::Route& route) { return probe.route == subject_of(route); });
    if (!known) report.hole(std::string(probe.route), "anybody", "there is no such route");
  }
  return found;
}

// Who attacks: everybody, or of each kind the one that may least and the one that may most.
std::vector<const Persona*> attackers(const World& world, Depth depth) {
  std::vector<const Persona*> chosen;
  for (const Persona& persona : world.personas) {
    const std::string& name = persona.name;
    const bool most = name == "owner" || name == "visitor" || name == "key of every scope";
    const bool least = name == "client" || name == "key without scopes";
    if (depth == Depth::full || most || persona.account == '-' ||
        (least && persona.account == 'a')) {
      chosen.push_back(&persona);
    }
  }
  return chosen;
}

template <class Work>
void in_parallel(const std::vector<const Persona*>& personas, Work work) {
  std::atomic<size_t> next = 0;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&personas, &next, &work] {
      for (size_t mine = next++; mine < personas.size(); mine = next++) work(*personas[mine]);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Who did not belong to the account must not have changed it.
class Untouched {
 public:
  Untouched(const World& world, char account)
      : world_(world),
        account_(account),
        session_(pg::Blocking::open(world.admin).or_raise()),
        rows_(rows_of(session_, world, account)) {}

  void check(const std::string& subject, Report& report) {
    auto now = rows_of(session_, world_, account_);
    for (const auto& [table, rows] : now) {
      if (rows != rows_[table]) {
        report.hole(subject, "somebody", "rows of another account changed in " + table);
      }
    }
    rows_ = std::move(now);
  }

 private:
  const World& world_;
  char account_;
  pg::Blocking session_;
  std::map<std::string, std::string> rows_;
};

// What a super admin may do beyond what people of an account may, and what takes being one of them.
constexpr std::string_view kPlatformOnly[] = {"POST /functions/v1/set-account-plan",
                                              "POST /functions/v1/update-plan"};
constexpr std::string_view kMembersOnly[] = {"POST /functions/v1/leave-account"};

// The platform's own two in account b: a super admin gets through where people of an account do
// with what is theirs, and at the plans; the service key where the endpoint is for it.
void as_platform(const World& world, const Target& target, const std::set<const Probe*>& of_people,
                 Report& report) {
  for (const Persona& persona : world.platform) {
    const bool is_service = persona.db_role == "service_role";
    if (!is_service && target.probe->reach == Reach::shut &&
        !is_in(kPlatformOnly, target.subject)) {
      continue;  // of a person's own session, of whoever has a secret, or of the service key
    }
    Asker asker(world, Depth::quick, report, target, persona);
    const int status = asker.use();
    const bool refused = status == 401 || status == 403;
    if (is_through(status)) report.may(target.subject, persona.name);
    if (is_service) {
      const edge::Endpoint& endpoint = target.route->endpoint;
      if (endpoint.auth != edge::Auth::anyone && refused == may_call(endpoint, persona)) {
        report.hole(target.subject, persona.name,
                    "it answers " + std::to_string(status) + ", which its row does not say");
      }
      continue;
    }
    const bool meant = is_in(kPlatformOnly, target.subject) ||
                       (of_people.contains(target.probe) && !is_in(kMembersOnly, target.subject));
    if (target.probe->reach == Reach::open || is_through(status) == meant) continue;
    report.hole(target.subject, persona.name,
                meant ? "is refused what people of the account may (" + std::to_string(status) + ")"
                      : "gets through where people of the account do not");
  }
}

}  // namespace

void verify_endpoints(const World& world, Depth depth, Report& report) {
  const edge::Router router(functions::endpoint_table());
  const std::vector<Target> all = targets(router, world, report);
  const std::vector<const Persona*> everybody = attackers(world, depth);
  for (const char victim : {'b', 'a'}) {
    std::vector<const Persona*> strangers;
    for (const Persona* persona : everybody) {
      if ((persona->account == 'b') == (victim == 'a')) strangers.push_back(persona);
    }
    Untouched untouched(world, victim);
    for (const Target& target : all) {
      in_parallel(strangers, [&](const Persona& persona) {
        Asker asker(world, depth, report, target, persona);
        asker.attack();
        // Which methods there are does not depend on who asks: the quick form asks as one.
        const bool one = persona.name == "owner" && persona.account == 'a';
        if (one || depth == Depth::full) asker.every_method();
      });
      if (target.probe->reach != Reach::open) untouched.check(target.subject, report);
    }
  }
  // From here on account a uses what is its own; b is left alone.
  std::vector<const Persona*> owners;
  for (const Persona* persona : everybody) {
    if (persona->account == 'a') owners.push_back(persona);
  }
  Untouched still(world, 'b');
  std::set<const Probe*> of_people;
  for (const Target& target : all) {
    std::atomic<bool> reached = false;
    std::atomic<bool> by_person = false;
    std::atomic<int> best = 999;  // the least status that anybody got
    in_parallel(owners, [&](const Persona& persona) {
      Asker asker(world, depth, report, target, persona);
      const int status = asker.use();
      for (int least = best; status < least && !best.compare_exchange_weak(least, status);) {
      }
      if (!is_through(status)) return;
      reached = true;
      if (persona.db_role == "authenticated") by_person = true;
    });
    if (by_person) of_people.insert(target.probe);
    if (!reached && target.probe->reach == Reach::own) {
      report.hole(target.subject, "anybody",
                  "nobody gets through with ids of his own (" + std::to_string(best) +
                      " at best): the probe proves nothing");
    }
    still.check(target.subject, report);
  }
  for (const Target& target : all) as_platform(world, target, of_people, report);
}

}  // namespace chatpad::isolation
