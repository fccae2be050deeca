// POST /functions/v1/create-billing-portal: the address of Stripe's page on which an owner or admin
// changes or ends what the account pays for, and finds its invoices.
#include "functions/shared/plan/stripe_client.h"
#include "runtime/edge/endpoint.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::billing::create_billing_portal {
using namespace chatpad::edge;

struct Input {
  Uuid account_id;
  static Input read(const wire::Fields& f) { return {f.uuid("accountId")}; }
};

constexpr pg::Statement kStatement{"customer_of_account", "select api.customer_of_account($1)"};
constexpr size_t kIdCharsMax = 255;

Task<Reply> handle(Call call) {
  const Input input = call.json<Input>();
  pg::Params params(input.account_id);
  const std::string known = co_await call.db().json(kStatement, std::move(params));
  StripeForm form;
  form.emplace_back("customer",
                    wire::Fields::parse(known).or_raise().string("customer", 1, kIdCharsMax));
  form.emplace_back("return_url", call.context().config().public_url + "/admin/#/plan");
  StripeClient& stripe = call.context().local<StripeClient>();
  const std::string url = co_await stripe.page("billing_portal/sessions", std::move(form));
  wire::JsonWriter body;
  body.object().field("url", url).end();
  co_return created(std::move(body).str());
}

Endpoint endpoint() {
  return {.auth = Auth::user,
          .body_bytes_max = 4_KiB,
          .rate = per_caller(20, 60),
          .deadline_ms = 15'000,
          .summary = "The address of the page on which an account changes what it pays for",
          .handle = handle};
}

}  // namespace chatpad::functions::billing::create_billing_portal
