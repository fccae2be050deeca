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
    const size_t last = route.path.rfind("/{");
    if (brace != last) {
      const size_t word = route.path.find('/', brace + 1);
      Between& two = with_two_.emplace_back();
      two.before = route.path.substr(0, brace + 1);
      two.word = route.path.substr(word, last + 1 - word);
      two.entry.by_method[static_cast<size_t>(route.endpoint.method)] = &route;
      continue;
    }
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

const Router::ByMethod* Router::find_between(std::string_view path,
                                             std::string_view& parameter) const {
  for (const Between& two : with_two_) {
    if (!path.starts_with(two.before)) continue;
    const std::string_view rest = path.substr(two.before.size());
    const size_t word = rest.find('/');
    if (word == 0 || word == std::string_view::npos) continue;
    const std::string_view second = rest.substr(word);
    const bool fits = second.starts_with(two.word) && second.size() > two.word.size() &&
                      second.find('/', two.word.size()) == std::string_view::npos;
    if (!fits) continue;
    parameter = rest;
    return &two.entry;
  }
  return nullptr;
}

Router::Match Router::find(http::Method method, std::string_view path) const {
  Match match;
  const ByMethod* found = nullptr;
  const auto exact = exact_.find(path);
  if (exact != exact_.end()) {
    found = &exact->second;
  } else {
    const size_t slash = path.rfind('/');
    if (slash == std::string_view::npos || slash + 1 == path.size()) return match;
    const auto entry = with_parameter_.find(path.substr(0, slash));
    if (entry != with_parameter_.end()) {
      found = &entry->second;
      match.parameter = path.substr(slash + 1);
    } else {
      found = find_between(path, match.parameter);
    }
  }
  if (!found) return Match();
  match.path_known = true;
  match.route = pick(*found, method);
  if (!match.route) match.allow = allowed(*found);
  return match;
}

}  // namespace chatpad::edge
