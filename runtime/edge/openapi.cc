#include "runtime/edge/openapi.h"

#include <algorithm>
#include <cstdio>

#include "runtime/wire/json.h"

namespace chatpad::edge {
namespace {

std::string who(Auth auth) {
  if (auth == Auth::anyone) return "anyone";
  std::string names;
  for (const auto& [kind, name] :
       {std::pair{Auth::visitor, "visitor"}, std::pair{Auth::user, "user"},
        std::pair{Auth::api_key, "api_key"}, std::pair{Auth::service, "service"}}) {
    if (!allows(auth, kind)) continue;
    if (!names.empty()) names += ",";
    names += name;
  }
  return names;
}

std::string rate_text(const Rate& rate) {
  if (rate.per == Rate::Per::none) return "-";
  return std::to_string(rate.count) + "/" + std::to_string(rate.window_s) + "s per " +
         (rate.per == Rate::Per::address ? "address" : "caller");
}

std::vector<const Route*> sorted(const Router& router) {
  std::vector<const Route*> routes;
  for (const Route& route : router.routes()) routes.push_back(&route);
  std::sort(routes.begin(), routes.end(),
            [](const Route* a, const Route* b) { return a->path < b->path; });
  return routes;
}

void append_operation(wire::JsonWriter& out, const Route& route) {
  std::string method(http::method_name(route.endpoint.method));
  for (char& c : method) c = static_cast<char>(c + ('a' - 'A'));
  out.object(method).field("operationId", route.label).field("summary", route.endpoint.summary);
  if (route.endpoint.auth != Auth::anyone) {
    out.array("security").object().array("bearer").end().end().end();
  }
  out.object("responses");
  out.object("default").field("description", "The result, or {code, message, details, hint}").end();
  out.end().end();
}

}  // namespace

std::string routes_table(const Router& router) {
  std::string out;
  char line[512];
  for (const Route* route : sorted(router)) {
    const Endpoint& e = route->endpoint;
    std::snprintf(line, sizeof line, "%-7s %-40s %-22s %6zu KiB  %-20s %6u ms  %.*s\n",
                  std::string(http::method_name(e.method)).c_str(), route->path.c_str(),
                  who(e.auth).c_str(), e.body_bytes_max / 1024, rate_text(e.rate).c_str(),
                  e.deadline_ms, static_cast<int>(e.summary.size()), e.summary.data());
    out += line;
  }
  return out;
}

std::string openapi_json(const Router& router) {
  wire::JsonWriter out;
  out.object().field("openapi", "3.1.0");
  out.object("info").field("title", "ChatPad").field("version", CHATPAD_VERSION).end();
  out.object("components").object("securitySchemes").object("bearer");
  out.field("type", "http").field("scheme", "bearer").end().end().end();
  out.object("paths");
  const std::vector<const Route*> routes = sorted(router);
  for (size_t i = 0; i < routes.size(); ++i) {
    if (i == 0 || routes[i]->path != routes[i - 1]->path) out.object(routes[i]->path);
    append_operation(out, *routes[i]);
    if (i + 1 == routes.size() || routes[i + 1]->path != routes[i]->path) out.end();
  }
  out.end().end();
  return std::move(out).str();
}

}  // namespace chatpad::edge
