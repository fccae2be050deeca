#include "runtime/edge/router.h"

#include <algorithm>

#include "runtime/base/check.h"

namespace chatpad::edge {
namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    const std::string_view segment = path.substr(1, path.find('/', 1) - 1);
    segments.push_back(segment);
    path.remove_prefix(segment.size() + 1);
  }
  return segments;
}

}  // namespace

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
    if (brace != std::string::npos && route.path.find('/', brace + 1) != std::string::npos) {
      add_pattern(route);
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

void Router::add_pattern(const Route& route) {
  Pattern pattern;
  for (const std::string_view segment : segments_of(route.path)) {
    const bool parameter = segment.starts_with('{');
    if (parameter && pattern.first == 0) pattern.first = pattern.segments.size();
    if (parameter) pattern.last = pattern.segments.size();
    pattern.segments.emplace_back(parameter ? "" : segment);
    pattern.shape += parameter ? "/{}" : "/" + std::string(segment);
  }
  CHECK(pattern.first > 0, "a path begins with a word");
  const auto same = [&pattern](const Pattern& other) { return other.shape == pattern.shape; };
  auto found = std::find_if(patterns_.begin(), patterns_.end(), same);
  if (found == patterns_.end()) found = patterns_.insert(found, std::move(pattern));
  const Route*& slot = found->entry.by_method[static_cast<size_t>(route.endpoint.method)];
  CHECK(slot == nullptr, "two endpoints do not share method and path");
  slot = &route;
}

const Router::ByMethod* Router::find_pattern(std::string_view path,
                                             std::string_view& parameter) const {
  if (path.empty() || path[0] != '/') return nullptr;
  for (const Pattern& pattern : patterns_) {
    std::string_view first, last, rest = path;
    size_t at = 0;
    for (; at < pattern.segments.size() && !rest.empty(); ++at) {
      const std::string_view segment = rest.substr(1, rest.find('/', 1) - 1);
      const std::string& wanted = pattern.segments[at];
      if (segment.empty() || (!wanted.empty() && wanted != segment)) break;
      if (at == pattern.first) first = segment;
      if (at == pattern.last) last = segment;
      rest.remove_prefix(segment.size() + 1);
    }
    if (at < pattern.segments.size() || !rest.empty()) continue;
    parameter = {first.data(), static_cast<size_t>(last.data() + last.size() - first.data())};
    return &pattern.entry;
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
      found = find_pattern(path, match.parameter);
    }
  }
  if (!found) return Match();
  match.path_known = true;
  match.route = pick(*found, method);
  if (!match.route) match.allow = allowed(*found);
  return match;
}

}  // namespace chatpad::edge
