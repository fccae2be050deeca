// POST /functions/v1/stripe-webhook: Stripe tells of checkouts, subscriptions and payments. Signed
// by Stripe; which subscription means which plan stands with the plans (stripe_price_ids).
#include "functions/shared/plan/stripe_signature.h"
#include "runtime/base/clock.h"
#include "runtime/base/log.h"
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"
#include "runtime/wire/json.h"

namespace chatpad::functions::billing::stripe_webhook {
using namespace chatpad::edge;

constexpr pg::Statement kApply{"apply_stripe_event", "select api.apply_stripe_event($1)"};

// Two signature headers would leave open which of them counts.
std::string_view only_signature(const http::Request& request) {
  std::string_view found;
  for (const http::Header& header : request.headers) {
    if (header.name != "stripe-signature") continue;
    if (!found.empty()) return {};
    found = header.value;
  }
  return found;
}

Task<Reply> handle(Call call) {
  const std::vector<std::string>& secrets = call.context().config().stripe_webhook_secrets;
  if (secrets.empty()) {
    raise(Errc::not_supported, PublicText("This server has no secret of a Stripe webhook."));
  }
  const http::Request& request = call.request();
  verify_stripe_signature(only_signature(request), request.body, secrets, wall_s()).or_raise();
  wire::JsonLimits limits;
  limits.nul = wire::NulEscape::refuse;
  const wire::Fields event = wire::Fields::parse(request.body, limits).or_raise();
  const std::string id = event.string("id", 1, 255);
  const std::string type = event.string("type", 1, 255);
  pg::Params params{std::string(request.body)};
  std::string body = co_await call.service().json(kApply, std::move(params));
  log::Line(LogLevel::info, "stripe_event").field("id", id).field("type", type);
  co_return ok(std::move(body));
}

Endpoint endpoint() {
  return {.auth = Auth::anyone,
          .body_bytes_max = 512_KiB,
          .rate = per_address(600, 10),
          .summary = "Events of Stripe, signed: who pays for which plan",
          .handle = handle};
}

}  // namespace chatpad::functions::billing::stripe_webhook
