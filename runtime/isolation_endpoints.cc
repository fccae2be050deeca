// Every route, asked by everybody for ids of the other account. The answer must be the one for an
// id of nobody, hold nothing of the other account, and leave its rows as they were.
#include <algorithm>
#include <thread>

#include "runtime/base/uuid.h"
#include "runtime/edge/router.h"
#include "runtime/isolation.h"
#include "runtime/isolation_http.h"
#include "runtime/isolation_probes.h"

namespace chatpad::isolation {
namespace {

constexpr size_t kThreads = 4;
constexpr const char* kMethods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"};

enum class Whose : uint8_t { own, foreign, unknown };
enum class Form : uint8_t { plain, upper, array };

// "…$agents…" with the ids put in. `sent` are those that are not the asker's own.
struct Filled {
  std::string text;
  std::vector<std::string> sent;
};

bool is_name(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }

size_t places_in(std::string_view text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '$'));
}

std::string formed(const std::string& id, Form form) {
  std::string text = id;
  if (form == Form::upper) {
    for (char& c : text) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  }
  return text;
}

// The place number `at` (or every one) gets an id that is `whose`, the others the asker's own.
Filled fill(std::string_view text, const World& world, char asker, Whose whose, size_t at,
            Form form) {
  Filled filled;
  const char other = asker == 'b' ? 'a' : 'b';
  size_t place = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$') {
      filled.text += text[i];
      continue;
    }
    size_t end = i + 1;
    while (end < text.size() && is_name(text[end])) ++end;
    const std::string kind(text.substr(i + 1, end - i - 1));
    const bool meant = at == std::string::npos || place == at;
    ++place;
    i = end - 1;
    if (!meant || whose == Whose::own) {
      filled.text += world.id(kind, asker == 'b' ? 'b' : 'a');
      continue;
    }
    const std::string id =
        formed(whose == Whose::foreign ? world.id(kind, other) : Uuid::random().str(), form);
    filled.sent.push_back(id);
    // ["id"] where "id" stands.
    const bool quoted =
        form == Form::array && end < text.size() && text[end] == '"' && filled.text.ends_with('"');
    if (quoted) {
      filled.text.insert(filled.text.size() - 1, "[");
      filled.text += id + "\"]";
      i = end;
    } else {
      filled.text += id;
    }
  }
  return filled;
}

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
}

// What must be the same for an id of somebody else and one of nobody.
std::string comparable(const HttpAnswer& answer, const std::vector<std::string>& sent) {
  std::string text = std::to_string(answer.status) + " " + answer.body;
  for (const std::string& id : sent) replace_all(text, id, "<id>");
  const size_t error_id = text.find("\"error_id\"");
  if (error_id != std::string::npos) text.erase(error_id);
  return text;
}

bool may_call(const edge::Endpoint& endpoint, const Persona& persona) {
  using edge::Auth;
  if (endpoint.auth == Auth::anyone) return true;
  if (persona.db_role == "authenticated") return edge::allows(endpoint.auth, Auth::user);
  if (persona.db_role == "visitor") return edge::allows(endpoint.auth, Auth::visitor);
  if (persona.db_role == "api_key") return edge::allows(endpoint.auth, Auth::api_key);
  return false;
}

struct Target {
  const Probe* probe = nullptr;
  const edge::Route* route = nullptr;
  std::string method;
  std::string subject;
};

class Asker {
 public:
  Asker(const World& world, Depth depth, Report& report, const Target& target,
        const Persona& persona)
      : world_(world),
        depth_(depth),
        report_(report),
        target_(target),
        persona_(persona),
        client_(world.port) {}

  // Ids of the other account against ids of nobody, one place at a time and all at once.
  void attack() {
    const size_t places = places_in(target_.probe->body) + places_in(path());
    if (places == 0) return once(Whose::own, std::string::npos, Form::plain);
    for (size_t at = 0; at < places; ++at) compare(at, Form::plain);
    if (places > 1) compare(std::string::npos, Form::plain);
    if (depth_ == Depth::quick) return;
    compare(std::string::npos, Form::upper);
    compare(std::string::npos, Form::array);
  }

  // The asker's own ids, with the other account named beside them wherever a careless endpoint
  // might look. True when it was let through.
  bool use() {
    std::string body = own_body();
    if (body.ends_with('}')) {
      body.pop_back();
      const char other = persona_.account == 'b' ? 'a' : 'b';
      for (const char* name : {"user_id", "account_id", "owner_id", "userId", "tenantId"}) {
        body += (body.ends_with('{') ? "\"" : ",\"") + std::string(name) + "\":\"" +
                world_.id("accounts", other) + "\"";
      }
      body += "}";
    }
    const auto answer = ask(target_.method, own_path(), body);
    if (!answer) return false;
    judge(*answer, {});
    return answer->status < 400 || answer->status == 409 || answer->status == 422;
  }

  void every_method() {
    for (const char* method : kMethods) {
      if (method == target_.method) continue;
      const auto answer = ask(method, own_path(), "");
      if (answer) judge(*answer, {});
    }
  }

 private:
  std::string_view path() const {
    return target_.probe->target.empty() ? std::string_view(target_.route->path)
                                         : target_.probe->target;
  }
  std::string own_path() const {
    return fill(path(), world_, persona_.account, Whose::own, 0, Form::plain).text;
  }
  std::string own_body() const {
    return fill(target_.probe->body, world_, persona_.account, Whose::own, 0, Form::plain).text;
  }

  std::optional<HttpAnswer> ask(const std::string& method, const std::string& target,
                                const std::string& body) {
    std::string headers;
    if (!persona_.credential.empty()) {
      headers = "Authorization: Bearer " + persona_.credential + "\r\n";
    }
    auto answer = client_.send({method, target, headers, body});
    report_.tried(target_.subject, persona_.name);
    if (!answer) hole("the connection was closed without an answer");
    return answer;
  }

  void hole(const std::string& what) { report_.hole(target_.subject, persona_.name, what); }

  // What no answer may hold, whatever was asked.
  void judge(const HttpAnswer& answer, const std::vector<std::string>& sent) {
    if (answer.status >= 500 && answer.status != 501) {
      hole("it answers " + std::to_string(answer.status));
    }
    const bool allowed = may_call(target_.route->endpoint, persona_);
    if (!allowed && answer.status < 400 && answer.status != 204) {
      hole("this caller is let in (" + std::to_string(answer.status) + ")");
    }
    if (target_.probe->reach == Reach::open) return;
    const char other = persona_.account == 'b' ? 'a' : 'b';
    if (answer.body.find(marker_of(other)) != std::string::npos) {
      hole("the answer holds texts of the other account");
    }
    for (const auto& [kind, id] : other == 'b' ? world_.ids_b : world_.ids_a) {
      if (std::find(sent.begin(), sent.end(), id) != sent.end()) continue;
      if (answer.body.find(id) != std::string::npos) {
        hole("the answer holds an id of the other account (" + kind + ")");
      }
    }
  }

  void once(Whose whose, size_t at, Form form) {
    const Filled body = fill(target_.probe->body, world_, persona_.account, whose, at, form);
    const auto answer = ask(target_.method, own_path(), body.text);
    if (answer) judge(*answer, body.sent);
  }

  void compare(size_t at, Form form) {
    std::string texts[2];
    const size_t before = places_in(target_.probe->body);
    for (const Whose whose : {Whose::foreign, Whose::unknown}) {
      const size_t none = before + places_in(path());
      const size_t in_body = at == std::string::npos || at < before ? at : none;
      const size_t in_path = at == std::string::npos ? at : at < before ? none : at - before;
      Filled body = fill(target_.probe->body, world_, persona_.account, whose, in_body, form);
      const Filled target = fill(path(), world_, persona_.account, whose, in_path, form);
      body.sent.insert(body.sent.end(), target.sent.begin(), target.sent.end());
      const auto answer = ask(target_.method, target.text, body.text);
      if (!answer) return;
      judge(*answer, body.sent);
      texts[whose == Whose::unknown ? 1 : 0] = comparable(*answer, body.sent);
    }
    if (texts[0] != texts[1] && target_.probe->reach != Reach::open) {
      hole("a foreign id is told from an unknown one: " + texts[0].substr(0, 200) + " instead of " +
           texts[1].substr(0, 200));
    }
  }

  const World& world_;
  Depth depth_;
  Report& report_;
  const Target& target_;
  const Persona& persona_;
  HttpClient client_;
};

std::string subject_of(const edge::Route& route) {
  return std::string(http::method_name(route.endpoint.method)) + " " + route.path;
}

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
  for (const Target& target : all) {
    std::atomic<bool> reached = false;
    in_parallel(owners, [&](const Persona& persona) {
      Asker asker(world, depth, report, target, persona);
      if (asker.use()) reached = true;
    });
    if (!reached && target.probe->reach == Reach::own) {
      report.hole(target.subject, "anybody",
                  "nobody gets through with ids of his own: the probe proves nothing");
    }
    still.check(target.subject, report);
  }
}

}  // namespace chatpad::isolation
