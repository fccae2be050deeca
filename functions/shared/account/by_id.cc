#include "functions/shared/account/by_id.h"

#include "functions/shared/team/secret.h"

namespace chatpad::functions {
namespace {

Uuid id_of(const edge::Call& call, std::string_view field) {
  return wire::Fields::parse(call.request().body).or_raise().uuid(field);
}

}  // namespace

Task<edge::Reply> answer_by_id(edge::Call call, std::string_view field, pg::Statement statement) {
  pg::Params params(id_of(call, field));
  std::string body = co_await call.db().json(statement, std::move(params));
  co_return edge::ok(std::move(body));
}

Task<edge::Reply> act_by_id(edge::Call call, std::string_view field, pg::Statement statement) {
  pg::Params params(id_of(call, field), origin_json(call));
  std::string body = co_await call.db().json(statement, std::move(params));
  co_return edge::ok(std::move(body));
}

}  // namespace chatpad::functions
