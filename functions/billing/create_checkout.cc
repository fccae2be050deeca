// POST /functions/v1/create-checkout: the address of Stripe's page on which an owner or admin buys
// a plan. What was bought comes back through stripe-webhook.
#include "functions/shared/plan/stripe_client.h"
#include "runtime/edge/endpoint.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::billing::create_checkout {
using namespace chatpad::edge;

struct Input {
  Uuid account_id;
  std::string plan;
  static Input read(const wire::Fields& f) {
    return {f.uuid("accountId"), f.string("plan", 1, 32)};
  }
};

constexpr pg::Statement kStatement{"checkout_of_plan", "select api.checkout_of_plan($1, $2)"};
constexpr size_t kIdCharsMax = 320;

// The account is named three times: in the session, whoever made the page, and in the subscription,
// whose events may come first.
StripeForm form_of(const Input& input, const wire::Fields& known, const std::string& back) {
  const std::string account = input.account_id.str();
  StripeForm form = {{"mode", "subscription"},
                     {"line_items[0][price]", known.string("price", 1, kIdCharsMax)},
                     {"line_items[0][quantity]", "1"},
                     {"client_reference_id", account},
                     {"metadata[plan]", input.plan},
                     {"subscription_data[metadata][account_id]", account},
                     {"success_url", back},
                     {"cancel_url", back}};
  if (const auto customer = known.optional_string("customer", kIdCharsMax)) {
    form.emplace_back("customer", *customer);
  } else if (const auto email = known.optional_string("email", kIdCharsMax)) {
    form.emplace_back("customer_email", *email);
  }
  return form;
}

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.account_id, input.plan);
  const std::string known = co_await call.db().json(kStatement, std::move(params));
  const std::string back = call.context().config().public_url + "/admin/#/plan";
  StripeForm form = form_of(input, wire::Fields::parse(known).or_raise(), back);
  StripeClient& stripe = call.context().local<StripeClient>();
  const std::string url = co_await stripe.page("checkout/sessions", std::move(form));
  wire::JsonWriter body;
  body.object().field("url", url).end();
  co_return created(std::move(body).str());
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(20, 60),
          .deadline_ms = 15'000,
          .summary = "The address of the page on which an account buys a plan",
          .handle = handle};
}

}  // namespace chatpad::functions::billing::create_checkout
