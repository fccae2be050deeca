// GET /auth/v1/admin/users?page=1&per_page=50: everybody, the newest first.
#include <algorithm>
#include <charconv>

#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::admin_list_users {
using namespace chatpad::edge;

constexpr int64_t kPerPage = 50;
constexpr int64_t kUsersPerPageMax = 1'000;
constexpr int64_t kPage = 1'000'000;

constexpr pg::Statement kUsers{"auth_admin_users",
                               "select u->>'total', jsonb_build_object('users', u->'users', 'aud', "
                               "'authenticated') from api.auth_admin_users($1, $2) u"};

int64_t number(const Call& call, std::string_view name, int64_t fallback, int64_t most) {
  const std::string text = call.query(name).value_or("");
  int64_t value = fallback;
  if (text.empty()) return value;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || value < 1 || value > most) {
    wire::refuse_field(name, "must be a number from 1 to " + std::to_string(most));
  }
  return value;
}

// As auth-js takes it apart: `page` first, the relation in double quotes.
std::string link(int64_t page, int64_t per_page, std::string_view relation) {
  return "</admin/users?page=" + std::to_string(page) + "&per_page=" + std::to_string(per_page) +
         ">; rel=\"" + std::string(relation) + "\"";
}

Task<Reply> handle(Call call) {
  const int64_t page = number(call, "page", 1, kPage);
  const int64_t per_page = number(call, "per_page", kPerPage, kUsersPerPageMax);
  pg::Params params(page, per_page);
  pg::Rows rows = co_await call.service().rows(kUsers, std::move(params));
  if (rows.size() != 1) raise(Errc::internal);
  const int64_t total = rows.integer(0, 0);
  const int64_t last = std::max<int64_t>(1, (total + per_page - 1) / per_page);
  Reply reply = ok(rows.str(0, 1));
  reply.header("X-Total-Count", std::to_string(total));
  std::string links;
  if (page < last) links = link(page + 1, per_page, "next") + ", ";
  reply.header("Link", links + link(last, per_page, "last"));
  co_return reply;
}

Endpoint endpoint() {
  return {.method = http::Method::get,
          .path = "/auth/v1/admin/users",
          .auth = Auth::service,
          .summary = "List users",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::admin_list_users
