#include "functions/shared/external/oidc_callback.h"

#include <algorithm>

#include "functions/shared/account/redirect.h"
#include "functions/shared/account/rules.h"
#include "functions/shared/external/landing.h"
#include "runtime/edge/context.h"
#include "runtime/wire/url.h"

namespace chatpad::functions {
namespace {

constexpr size_t kParameterBytesMax = 4096;
constexpr size_t kErrorCharsMax = 64;
constexpr const char* kPassedOn[] = {"state", "code", "iss", "error", "error_description"};

std::string parameter(const edge::Call& call, std::string_view name) {
  std::string value = call.query(name).value_or("");
  if (value.size() > kParameterBytesMax) wire::refuse_field(name, "must be shorter");
  return value;
}

// RFC 6749, 4.1.2.1 has words for it. Other text may hold anything, also people's addresses.
bool is_error_word(const std::string& error) {
  return error.size() <= kErrorCharsMax && std::all_of(error.begin(), error.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || c == '_';
         });
}

[[noreturn]] void refuse(const std::string& error) {
  const bool denied = error == "access_denied";
  raise(denied ? Errc::forbidden : Errc::bad_oauth_callback,
        PublicText(denied ? "The sign-in was refused or cancelled at the provider."
                          : "The provider did not sign anybody in."),
        LogText("the provider answered " + (is_error_word(error) ? error : "with another error")));
}

void require_own_address(const TakenFlow& flow, const std::string& provider_id) {
  const SignInProvider& provider = *flow.provider;
  const bool own = provider.account_id.empty() ? provider_id.empty() : provider_id == provider.id;
  if (provider.saml || !own) {
    raise(Errc::bad_oauth_state, {}, LogText("the flow belongs to another provider's address"));
  }
}

Task<edge::Reply> arrive(edge::Call call, TakenFlow flow, std::string provider_id) {
  require_own(call, flow);
  require_own_address(flow, provider_id);
  const std::string error = parameter(call, "error");
  if (!error.empty()) refuse(error);
  std::string code = parameter(call, "code");
  if (code.empty()) raise(Errc::bad_oauth_callback, PublicText("OAuth callback without a code"));
  Vouched who = co_await redeem_at_provider(&call.context(), *flow.provider, flow.secrets,
                                            std::move(code), call.query("iss"));
  edge::Reply reply = co_await land(call, std::move(flow), std::move(who));
  co_return reply;
}

}  // namespace

Task<edge::Reply> take_callback(edge::Call call, std::string provider_id) {
  std::string page = allowed_redirect(call.context().config(), std::nullopt);
  edge::Reply reply;
  try {
    std::string state = parameter(call, "state");
    std::optional<TakenFlow> flow = co_await take_flow(call, std::move(state));
    if (!flow) raise(Errc::bad_oauth_state);
    page = flow->redirect_to;
    reply = co_await arrive(call, *std::move(flow), std::move(provider_id));
  } catch (const Raised& raised) {
    // A person is on their way: they are told where they wanted to go, not here.
    reply = landed_wrong(call, page, raised.error());
  }
  co_return reply;
}

edge::Reply take_callback_form(const edge::Call& call, const std::string& provider_id) {
  const wire::Query form = wire::Query::parse(call.request().body).or_raise();
  UrlParameters query;
  for (const char* name : kPassedOn) {
    const auto value = form.get(name);
    if (value) query.add(name, *value);
  }
  std::string address = call.context().config().public_url + "/auth/v1/callback";
  if (!provider_id.empty()) address += "/" + wire::percent_encode(provider_id);
  return redirect(with_query(address, query));
}

}  // namespace chatpad::functions
