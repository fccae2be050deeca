// POST /functions/v1/update-plan: a super admin changes what a plan allows, or makes a new one. It
// holds from the next act on, for every account on that plan.
#include "runtime/edge/endpoint.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::billing::update_plan {
using namespace chatpad::edge;

constexpr size_t kPricesMax = 50;
constexpr size_t kPriceCharsMax = 255;

struct Input {
  std::string plan_id;
  std::optional<std::string> name;
  std::optional<int64_t> position;
  std::optional<std::string> limits;
  std::optional<std::string> features;
  std::optional<std::string> price_ids;  // a JSON list
  static Input read(const wire::Fields& f) {
    Input input;
    input.plan_id = f.string("planId", 1, 32);
    if (f.has("name")) input.name = f.string("name", 1, 100);
    input.position = f.optional_integer("position", 0, 1000);
    input.limits = f.optional_object_text("limits", 4_KiB);
    input.features = f.optional_object_text("features", 4_KiB);
    if (f.has("stripePriceIds")) {
      wire::JsonWriter list;
      list.array();
      for (const std::string& id : f.string_list("stripePriceIds", kPricesMax, kPriceCharsMax)) {
        list.value(id);
      }
      list.end();
      input.price_ids = std::move(list).str();
    }
    return input;
  }
};

constexpr pg::Statement kStatement{
    "update_plan",
    "select api.update_plan($1, $2, $3, $4, $5, "
    "case when $6::jsonb is not null "
    "then array(select p from jsonb_array_elements_text($6::jsonb) p) end)"};

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.plan_id, input.name, input.position, input.limits, input.features,
                    input.price_ids);
  std::string body = co_await call.db().json(kStatement, std::move(params));
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::user | Auth::service,
          .body_bytes_max = 32_KiB,
          .rate = per_caller(60, 60),
          .summary = "Change what a plan allows, or make a plan (super admin)",
          .handle = handle};
}

}  // namespace chatpad::functions::billing::update_plan
