// Router: path and method to endpoint. Built once from the generated table; lookups do not
// allocate.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/edge/endpoint.h"

namespace chatpad::edge {

struct Route {
  // As matched: each "/{name}" matches one segment.
  std::string path;
  std::string label;  // area.name, for metrics and logs
  Endpoint endpoint;
  size_t index = 0;  // position in routes(), used as the metrics slot
};

class Router {
 public:
  explicit Router(const std::vector<NamedEndpoint>& table);

  struct Match {
    const Route* route = nullptr;
    // The segment for "/{name}"; with several, from the first to the last: "a/word/b".
    std::string_view parameter;
    bool path_known = false;  // true with route == nullptr: 405
    std::string allow;        // for 405
  };
  Match find(http::Method method, std::string_view path) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  struct ByMethod {
    const Route* by_method[8] = {};
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Map = std::unordered_map<std::string, ByMethod, Hash, std::equal_to<>>;
  // A pattern that has more than one parameter, or one that is not at its end.
  struct Pattern {
    std::string shape;                  // "/a/{}/b"
    std::vector<std::string> segments;  // "" for a parameter
    size_t first = 0, last = 0;         // positions of parameters
    ByMethod entry;
  };
  void add_pattern(const Route& route);
  const ByMethod* find_pattern(std::string_view path, std::string_view& parameter) const;
  static const Route* pick(const ByMethod& entry, http::Method method);
  static std::string allowed(const ByMethod& entry);

  std::vector<Route> routes_;
  Map exact_;
  Map with_parameter_;  // key: the path before "/{name}"
  std::vector<Pattern> patterns_;
};

// POST /functions/v1/send-human-message for functions/inbox/send_human_message.cc.
std::string derived_path(std::string_view name);

}  // namespace chatpad::edge
