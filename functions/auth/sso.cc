// POST /auth/v1/sso: where the people of an organisation sign in, by the provider's id or their
// address's domain. The provider may be the server's or an account's.
#include "functions/shared/account/rules.h"
#include "functions/shared/external/departure.h"
#include "runtime/edge/context.h"
#include "runtime/edge/endpoint.h"

namespace chatpad::functions::auth::sso {
using namespace chatpad::edge;

struct Input {
  std::optional<Uuid> provider_id;
  std::string domain;
  std::string redirect_to;
  std::optional<Challenge> challenge;
  bool as_json = false;
  static Input read(const wire::Fields& f) {
    Input in;
    in.provider_id = f.optional_uuid("provider_id");
    in.domain = f.optional_string("domain", 253).value_or("");
    in.redirect_to = f.optional_string("redirect_to", 2048).value_or("");
    in.challenge = read_challenge(f);
    in.as_json = f.boolean("skip_http_redirect", false);
    if (in.provider_id.has_value() == !in.domain.empty()) {
      raise(Errc::validation_failed, PublicText("Send either provider_id or domain."));
    }
    return in;
  }
};

Task<Reply> handle(Call call) {
  Input input = call.json<Input>();
  std::string by = input.provider_id ? "id" : "domain";
  std::string value = input.provider_id ? input.provider_id->str() : input.domain;
  std::optional<SignInProvider> provider =
      co_await find_provider(call, std::move(by), std::move(value));
  if (!provider) raise(Errc::sso_provider_not_found);
  FlowStart start;
  start.challenge = std::move(input.challenge);
  start.redirect_to = allowed_redirect(call.context().config(), input.redirect_to);
  AuthorizeExtras none;
  const Departure to =
      co_await departure_url(call, *std::move(provider), std::move(start), std::move(none));
  Reply reply = departure_reply(to, input.as_json);
  if (!input.as_json) reply.status = 303;
  co_return reply;
}

Endpoint endpoint() {
  return {.path = "/auth/v1/sso",
          .auth = Auth::anyone,
          .body_bytes_max = 16_KiB,
          .rate = per_address(60, 60),
          .deadline_ms = 15'000,
          .summary = "Where the people of an organisation sign in",
          .handle = handle};
}

}  // namespace chatpad::functions::auth::sso
