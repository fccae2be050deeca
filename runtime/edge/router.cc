#include "runtime/edge/router.h"

#include <algorithm>

#include "runtime/base/check.h"

namespace chatpad::edge {

std::string derived_path(std::string_view name) {
  std::string path = "/functions/v1/";
  for (const char c : name) path += c == '_' ? '-' : c;
  return path;
}

Router::Router(const std::vector<NamedEndpoint>& table) {
  routes_.reserve(table.size());
  for (const NamedEndpoint& row : table) {
    CHECK(row.endpoint.handle != nullptr, "every endpoint has a handler");
    Route route;
    route.path =
        row.endpoint.path.empty() ? derived_path(row.name) : std::string(row.endpoint.path);
    route.label = std::string(row.area) + "." + std::string(row.name);
    route.endpoint = row.endpoint;
    route.index = routes_.size();
    routes_.push_back(std::move(route));
  }
  for (const Route& route : routes_) {
    const size_t brace = route.path.find("/{");
    Map& map = brace == std::string::npos ? exact_ : with_parameter_;
    const Route*& slot =
        map[route.path.substr(0, brace)].by_method[static_cast<size_t>(route.endpoint.method)];
    CHECK(slot == nullptr, "two endpoints do not share method and path");
    slot = &route;
  }
}

const Route* Router::pick(const ByMethod& entry, http::Method method) {
  const Route* route = entry.by_method[static_cast<size_t>(method)];
  if (!route && method == http::Method::head) {
    route = entry.by_method[static_cast<size_t>(http::Method::get)];
  }
  return route;
}

std::string Router::allowed(const ByMethod& entry) {
  std::string methods = "OPTIONS";
  for (const Route* route : entry.by_method) {
    if (!route) continue;
    methods.append(", ").append(http::method_name(route->endpoint.method));
    if (route->endpoint.method == http::Method::get) methods += ", HEAD";
  }
  return methods;
}

Router::Match Router::find(http::Method method, std::string_view path) const {
  Match match;
  auto entry = exact_.find(path);
  const Map* map = &exact_;
  if (entry == exact_.end()) {
    const size_t slash = path.rfind('/');
    if (slash == std::string_view::npos || slash + 1 == path.size()) return match;
    map = &with_parameter_;
    entry = with_parameter_.find(path.substr(0, slash));
    match.parameter = path.substr(slash + 1);
  }
  if (entry == map->end()) return Match();
  match.path_known = true;
  match.route = pick(entry->second, method);
  if (!match.route) match.allow = allowed(entry->second);
  return match;
}

}  // namespace chatpad::edge
