// Asker: one persona before one endpoint of the throw-away server. It asks with ids of its own, of
// the other account and of nobody, and judges every answer by what no answer may hold. Blocking;
// one connection; one thread. What it finds goes into the report.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/edge/router.h"
#include "runtime/isolation.h"
#include "runtime/isolation_http.h"
#include "runtime/isolation_probes.h"

namespace chatpad::isolation {

enum class Whose : uint8_t { own, foreign, unknown };
enum class Form : uint8_t { plain, upper, array };

// A row of isolation_probes.cc and the endpoint it is for.
struct Target {
  const Probe* probe = nullptr;
  const edge::Route* route = nullptr;
  std::string method;
  std::string subject;
};

// Whether the endpoint is for callers of this kind at all.
bool may_call(const edge::Endpoint& endpoint, const Persona& persona);

// An answer that comes from behind every question of who asks.
constexpr bool is_through(int status) {
  return (status > 0 && status < 400) || status == 409 || status == 422;
}

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
  void attack();
  // The asker's own ids, with the other account named beside them wherever a careless endpoint
  // might look. The status of the answer, 0 without one.
  int use();
  // Every other method, for ids of the other account.
  void every_method();

 private:
  std::string_view path() const;
  std::string own_path() const;
  std::string own_body() const;
  std::optional<HttpAnswer> ask(const std::string& method, const std::string& target,
                                const std::string& body);
  void hole(const std::string& what) { report_.hole(target_.subject, persona_.name, what); }
  void judge(const HttpAnswer& answer, const std::vector<std::string>& sent);
  void once(Whose whose, size_t at, Form form);
  void compare(size_t at, Form form);

  const World& world_;
  Depth depth_;
  Report& report_;
  const Target& target_;
  const Persona& persona_;
  HttpClient client_;
};

}  // namespace chatpad::isolation
